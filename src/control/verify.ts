/**
 * The verb `verify`: somebody at the host compares emoji with a person. Whoever has the host speaks for
 * the bot here. What comes of it is a line for the policy; it changes nothing by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../base/errors.ts';
import { parseDeviceId, parseUserId } from '../base/ids.ts';
import type { Verification, Verifications } from '../matrix/crypto/verification.ts';
import { safeLine } from '../output/text.ts';
import type { Peer } from './peer.ts';
import type { Verb } from './verbs.ts';

const LOOK_AGAIN_MS = 200;

export function openVerify(verifications: Verifications): Verb {
  return async (peer, fields) => {
    try {
      const chosen = await choose(verifications, peer, fields);
      return chosen ? await compare(verifications, peer, chosen) : 1;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      peer.note(`${error.message}.`);
      return 1;
    }
  };
}

const isOpen = ({ state }: Verification): boolean => state !== 'done' && state !== 'cancelled';

/** The one under way with the account, or a new one; without an account, the one under way. */
async function choose(
  verifications: Verifications,
  peer: Peer,
  { account, device }: Readonly<Record<string, string>>,
): Promise<Verification | undefined> {
  const open = verifications.list().filter(isOpen);
  if (account === undefined) {
    if (open.length === 1) return open[0];
    peer.note(open.length === 0 ? 'Nobody asks to be verified.' : 'Which one? Name the account:');
    for (const { user } of open) peer.print(user);
    return undefined;
  }
  const user = parseUserId(account);
  const on = device === undefined ? undefined : parseDeviceId(device);
  if (!user.ok) throw new Fault('usage', user.error);
  if (on && !on.ok) throw new Fault('usage', on.error);
  const underWay = open.find((one) => one.user === user.value);
  if (underWay) return underWay;
  const begun = await verifications.begin(user.value, on?.value);
  const where = begun.where === 'room' ? 'in the direct room' : 'on their device';
  peer.note(`Asked ${account} ${where}: they have to accept there.`);
  return begun;
}

async function compare(
  verifications: Verifications,
  peer: Peer,
  { id, user }: Verification,
): Promise<number> {
  const shown = await until(verifications, peer, id, ({ state }) => state !== 'waiting');
  if (shown?.state === 'compare') {
    peer.note(`Compare with what ${user} sees, in person or over a line that you trust:`);
    for (const { symbol, name } of shown.emoji) peer.print(`${symbol}  ${name}`);
    peer.print(shown.decimals.join(' '));
    const answer = await peer.ask('Is it the same, in this order? yes or no: ');
    if (answer === undefined) return leave(peer);
    if (!/^y(es)?$/i.test(answer.trim())) {
      await verifications.mismatch(id);
      peer.note('Ended. If it really differs, somebody is in between: trust neither side.');
      return 1;
    }
    await verifications.confirm(id);
  }
  const ended = await until(verifications, peer, id, (one) => !isOpen(one));
  if (!ended) return leave(peer);
  if (ended.state === 'cancelled') {
    peer.note(safeLine(`It was cancelled: ${ended.why}`));
    return 1;
  }
  peer.note(`✓ ${user} is verified. This is the line for the policy; identity pin puts it there:`);
  peer.print(`- { id: ${JSON.stringify(user)}, identity: "${ended.identity}" }`);
  return 0;
}

function leave(peer: Peer): number {
  peer.note('Still under way: identity verify goes on with it.');
  return 1;
}

/** Undefined when the peer has hung up. */
async function until(
  verifications: Verifications,
  { gone }: Peer,
  id: string,
  isIt: (verification: Verification) => boolean,
): Promise<Verification | undefined> {
  for (;;) {
    const found = verifications.list().find((one) => one.id === id);
    if (!found || gone.aborted) return undefined;
    if (isIt(found)) return found;
    await sleep(LOOK_AGAIN_MS);
  }
}
