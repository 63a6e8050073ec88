/** `vaktrom identity pin`: which identity somebody has now, and with --write into the policy with it. */
import { Fault } from '../base/errors.ts';
import { type PersonName, parseUserId, type UserId } from '../base/ids.ts';
import { type Directory, openDirectory, readPolicy } from '../config/directory.ts';
import { type Pin, pinInText } from '../config/pin.ts';
import { readTextFile } from '../config/text-file.ts';
import type { Policy } from '../policy/model.ts';
import { replaceLike } from './edit-file.ts';
import { fetchIdentity, formatIdentity } from './identity.ts';
import { readIdentities } from './identity-history.ts';
import { invocation } from './invocation.ts';
import type { ExitCode, Io } from './io.ts';

export interface PinOptions {
  readonly dir: string;
  readonly write: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** `whom`: a person of the policy, which is all of their accounts, or one account. */
export async function identityPin(whom: string, options: PinOptions, io: Io): Promise<ExitCode> {
  const directory = await openDirectory(options.dir);
  const { policy } = await readPolicy(directory.policyPath);
  const before = await readTextFile(directory.policyPath, 'writers');
  const pins: Pin[] = [];
  for (const account of accountsOf(policy, whom))
    pins.push({ account, identity: await fetchIdentity(directory, account) });
  await show(directory, pins, options, io);
  if (!options.write) return 0;

  const after = pins.reduce((text, pin) => {
    const pinned = pinInText(text, pin);
    if (!pinned.ok) throw new Fault('policy_invalid', pinned.error);
    return pinned.value;
  }, before);
  if (after === before) {
    io.err('The policy pins that already.');
    return 0;
  }
  if (!(await isMeant(options, io))) return 1;
  if ((await readTextFile(directory.policyPath, 'writers')) !== before)
    throw new Fault('file_changed', `${directory.policyPath} was changed meanwhile; look again`);
  await replaceLike(directory.policyPath, after);
  io.err(`Written. Now tell the daemon: ${invocation('reload', options.dir)}`);
  return 0;
}

function accountsOf(policy: Policy, whom: string): readonly UserId[] {
  if (whom.startsWith('@')) {
    const user = parseUserId(whom);
    if (!user.ok) throw new Fault('usage', user.error);
    return [user.value];
  }
  const person = policy.people.get(whom as PersonName); // looked up, not believed
  if (!person) throw new Fault('usage', `the policy names nobody ${JSON.stringify(whom)}`);
  return person.accounts.map(({ id }) => id);
}

/** Each with what speaks for it: the homeserver's word alone, or emoji that were compared. */
async function show(
  directory: Directory,
  pins: readonly Pin[],
  { json, dir }: PinOptions,
  io: Io,
): Promise<void> {
  const { identities } = await readIdentities(directory);
  for (const { account, identity } of pins) {
    const verified = identities.verified(account, identity);
    if (json) {
      const facts = { id: account, identity, verified: verified?.ts ?? null };
      io.out(JSON.stringify(facts));
      continue;
    }
    io.out(formatIdentity(account, identity));
    io.err(
      verified
        ? `Compared by emoji with this very identity: ${verified.ts}, entry ${verified.seq}.`
        : `Only the homeserver says so. Compare emoji first: ${invocation(`identity verify ${account}`, dir)}`,
    );
  }
}

async function isMeant({ yes }: PinOptions, { ask }: Io): Promise<boolean> {
  if (yes) return true;
  if (!ask) throw new Fault('usage', 'nobody is here to confirm; if you are sure, --yes');
  return /^y(es)?$/i.test(
    await ask('Pin it? From then on, that identity is this person. yes or no: '),
  );
}
