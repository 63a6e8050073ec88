/** The daemon's rooms with single people: made when there is something to say, known from the log. */
import type { Standing } from '../audit/standing.ts';
import { Fault } from '../base/errors.ts';
import { type PersonName, parseRoomId, type RoomId } from '../base/ids.ts';
import { openMutex } from '../base/mutex.ts';
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
  /** Says something in a new room; from then on nothing is said or heard in the one before. */
  tellAnew(...told: Told): void;
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
  const alone = openMutex();

  const make = async (person: PersonName): Promise<RoomId | undefined> => {
    // The pinned account, where there is one: what is said there is for nobody else.
    const accounts = policy().people.get(person)?.accounts ?? [];
    const account = accounts.find(({ identity }) => identity !== undefined) ?? accounts[0];
    if (!account) return undefined;
    const room = await chat.openDirect(account.id);
    // Two people must not both find it free: the homeserver may hold two calls and answer them alike.
    return alone(async () => {
      // The homeserver names it: a room of others must not become one in which this person is alone.
      const shared = [...policy().rooms.values()].some(({ id }) => id === room);
      if (shared || standing.ownerOfDirect(room) !== undefined)
        throw new Fault('homeserver_refused', `the homeserver gave ${room} out as a new room`);
      await ledger.append({ type: 'direct', person, account: account.id, room });
      return room;
    });
  };

  const makeOnce = (person: PersonName): Promise<RoomId | undefined> => {
    const made = making.get(person) ?? make(person).finally(() => making.delete(person));
    making.set(person, made);
    return made;
  };

  const open = (person: PersonName): Promise<RoomId | undefined> => {
    const known = parseRoomId(standing.directRoomOf(person) ?? '');
    return known.ok ? Promise.resolve(known.value) : makeOnce(person);
  };

  const send = async (
    place: Promise<RoomId | undefined>,
    ...[person, key, blocks, file]: Told
  ): Promise<() => Promise<unknown>> => {
    const room = await place;
    if (!room) return async () => {};
    const body = renderBlocks(blocks);
    const sent = [await chat.post({ room, key: `${key}/direct/${person}`, body })];
    if (file) sent.push(await chat.post({ room, key: `${key}/direct/${person}/file`, body, file }));
    return () => Promise.all(sent.map((event) => chat.redact(room, event, 'it has served')));
  };

  const sendIn: typeof send = (place, person, ...rest) => {
    const sent = send(place, person, ...rest);
    sent.catch((error: unknown) => log.warn({ error, person }, 'not told directly'));
    return sent;
  };

  return {
    open,
    tell: (person, ...rest) => void sendIn(open(person), person, ...rest),
    tellAnew: (person, ...rest) => void sendIn(makeOnce(person), person, ...rest),
    tellUntil(person, ...rest) {
      const sent = sendIn(open(person), person, ...rest);
      return () =>
        void sent
          .then((takeBack) => takeBack())
          .catch((error: unknown) => log.warn({ error, person }, 'not taken back'));
    },
  };
}
