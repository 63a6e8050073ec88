/** The daemon's rooms with single people: made when there is something to say, known from the log. */
import type { Standing } from '../audit/standing.ts';
import { Fault } from '../base/errors.ts';
import { type PersonName, parseRoomId, type RoomId } from '../base/ids.ts';
import { type Block, renderBlocks } from '../output/block.ts';
import type { Policy } from '../policy/model.ts';
import type { Chat, Ledger, Log, Post } from '../ports.ts';

export interface Direct {
  /** Makes the room if there is none; undefined for somebody whom the policy does not know. */
  open(person: PersonName): Promise<RoomId | undefined>;
  /** Says something there, once per key; does not wait for it. */
  tell(...told: Told): void;
  /** The same; the homeserver is asked to blank it when the result is called. */
  tellUntil(...told: Told): () => void;
}

type Told = [person: PersonName, key: string, blocks: readonly Block[], file?: Post['file']];

export interface DirectParts {
  readonly chat: Chat;
  readonly ledger: Ledger;
  readonly standing: Standing;
  readonly policy: () => Policy;
  readonly log: Log;
}

export function openDirect({ chat, ledger, standing, policy, log }: DirectParts): Direct {
  const making = new Map<PersonName, Promise<RoomId | undefined>>();

  const make = async (person: PersonName): Promise<RoomId | undefined> => {
    // The pinned account, where there is one: what is said there is for nobody else.
    const accounts = policy().people.get(person)?.accounts ?? [];
    const account = accounts.find(({ identity }) => identity !== undefined) ?? accounts[0];
    if (!account) return undefined;
    const room = await chat.openDirect(account.id);
    // The homeserver names it: a room of others must not become one in which this person is alone.
    const shared = [...policy().rooms.values()].some(({ id }) => id === room);
    if (shared || standing.directRooms().some(([, known]) => known === room))
      throw new Fault('homeserver_refused', `the homeserver gave ${room} out as a new room`);
    await ledger.append({ type: 'direct', person, account: account.id, room });
    return room;
  };

  const open = (person: PersonName): Promise<RoomId | undefined> => {
    const known = parseRoomId(standing.directRoomOf(person) ?? '');
    if (known.ok) return Promise.resolve(known.value);
    const made = making.get(person) ?? make(person).finally(() => making.delete(person));
    making.set(person, made);
    return made;
  };

  const send = async (...[person, key, blocks, file]: Told): Promise<() => Promise<unknown>> => {
    const room = await open(person);
    if (!room) return async () => {};
    const body = renderBlocks(blocks);
    const sent = [await chat.post({ room, key: `${key}/direct/${person}`, body })];
    if (file) sent.push(await chat.post({ room, key: `${key}/direct/${person}/file`, body, file }));
    return () => Promise.all(sent.map((event) => chat.redact(room, event, 'it has served')));
  };

  return {
    open,
    tell(person, ...rest) {
      send(person, ...rest).catch((error: unknown) =>
        log.warn({ error, person }, 'not told directly'),
      );
    },
    tellUntil(person, ...rest) {
      const sent = send(person, ...rest);
      sent.catch((error: unknown) => log.warn({ error, person }, 'not told directly'));
      return () =>
        void sent
          .then((takeBack) => takeBack())
          .catch((error: unknown) => log.warn({ error, person }, 'not taken back'));
    },
  };
}
