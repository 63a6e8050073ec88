/**
 * Watches over the rooms of which the policy demands something. A room that is not as demanded is
 * closed for changes: it is told once why, and once when it is open again.
 */
import { describeError } from '../base/errors.ts';
import type { RoomName } from '../base/ids.ts';
import { openMutexes } from '../base/mutex.ts';
import { line, renderBlocks } from '../output/block.ts';
import { safeLine } from '../output/text.ts';
import type { Policy } from '../policy/model.ts';
import { driftOf } from '../policy/posture.ts';
import type { Chat, Ledger, Log } from '../ports.ts';

export interface Postures {
  /** Looks anew; resolves once `drift` tells what was seen. */
  look(room: RoomName): Promise<void>;
  /** What is not as demanded, as last seen; a room that was never looked at is not as demanded. */
  drift(room: RoomName): string | undefined;
}

export interface PostureParts {
  readonly chat: Chat;
  readonly ledger: Ledger;
  readonly policy: () => Policy;
  readonly log: Log;
  readonly nonce: () => string;
}

export function openPostures({ chat, ledger, policy, log, nonce }: PostureParts): Postures {
  const seen = new Map<RoomName, string | undefined>();
  // One look at a room at a time: an older answer must not come to stand for a newer one.
  const aloneFor = openMutexes<RoomName>();

  const examine = async (name: RoomName): Promise<string | undefined> => {
    const room = policy().rooms.get(name);
    if (!room?.posture) return undefined;
    try {
      return driftOf(room.posture, await chat.roomFacts(room.id));
    } catch (error) {
      return `its state cannot be read (${describeError(error)})`;
    }
  };

  const announce = (name: RoomName, said: string): void => {
    const room = policy().rooms.get(name);
    if (!room) return;
    const body = renderBlocks([line(said)]);
    chat
      .post({ room: room.id, key: `posture/${nonce()}`, body })
      .catch((error: unknown) => log.warn({ error, room: name }, 'not announced'));
  };

  const look = async (name: RoomName): Promise<void> => {
    const before = seen.get(name);
    const now = await examine(name);
    seen.set(name, now);
    if (now === before) return;
    log.warn({ room: name, drift: now ?? 'none' }, 'a room changed its posture');
    await ledger.append(
      now === undefined
        ? { type: 'room.opened', room: name }
        : { type: 'room.closed', room: name, drift: now.slice(0, 1000).toWellFormed() },
    );
    announce(
      name,
      now === undefined
        ? 'This room is as the policy demands it again: changes can be asked for.'
        : safeLine(`This room is closed for changes: ${now}.`),
    );
  };

  return {
    look(name) {
      if (!policy().rooms.get(name)?.posture) return Promise.resolve();
      return aloneFor(name)(() => look(name));
    },
    drift(name) {
      if (!policy().rooms.get(name)?.posture) return undefined;
      return seen.has(name) ? seen.get(name) : 'it was not looked at yet';
    },
  };
}
