/** Is a requester still who they were when they asked? As the crypto store and the homeserver have it now. */
import type { Frozen } from '../audit/body.ts';
import { Fatal } from '../base/errors.ts';
import { parseDeviceId, parseRoomId, parseUserId } from '../base/ids.ts';
import type { Clock } from '../ports.ts';
import type { Matrix } from './connect.ts';

const PATIENCE_MS = 20_000;

export interface RequesterParts {
  readonly chat: Pick<Matrix['chat'], 'roomFacts'>;
  readonly crypto: Pick<Matrix['crypto'], 'identityOf' | 'deviceOf'>;
  readonly clock: Clock;
}

/** What is not as it was, each as the end of a sentence. What nobody says in time is not as it was. */
export const requesterChanges = (
  parts: RequesterParts,
  frozen: Pick<Frozen, 'actor' | 'source'>,
): Promise<readonly string[]> =>
  Promise.race([lookAt(parts, frozen).catch(unknown), silence(parts.clock)]);

function unknown(error: unknown): readonly string[] {
  if (error instanceof Fatal) throw error;
  return ['the homeserver does not say who is in the room'];
}

const silence = (clock: Clock): Promise<string[]> =>
  new Promise((resolve) => {
    clock.after(PATIENCE_MS, () => resolve(['the homeserver does not say who is in the room']));
  });

async function lookAt(
  { chat, crypto }: RequesterParts,
  { actor, source }: Pick<Frozen, 'actor' | 'source'>,
): Promise<string[]> {
  const user = parseUserId(actor.account);
  const name = parseDeviceId(actor.device);
  const room = parseRoomId(source.room);
  if (!user.ok || !name.ok || !room.ok) return ['the requester cannot be looked up'];
  const changes: string[] = [];
  const identity = await crypto.identityOf(user.value);
  if (identity?.masterKey !== actor.identity)
    changes.push(`the identity of ${actor.person} is another one`);
  const device = await crypto.deviceOf(user.value, name.value);
  if (!device?.crossSigned || device.deleted)
    changes.push(`the device ${name.value} is not one of ${actor.person} any more`);
  const { members } = await chat.roomFacts(room.value);
  if (!members.some((m) => m.user === user.value))
    changes.push(`${actor.person} has left the room`);
  return changes;
}
