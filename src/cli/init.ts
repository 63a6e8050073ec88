/** `vaktrom init`: a directory for a bot with a new identity, and the key that brings it back. */
import { join } from 'node:path';
import { bringNew } from '../matrix/sign-in/sign-in.ts';
import { invocation } from './invocation.ts';
import type { ExitCode, Io } from './io.ts';
import { type SetUpOptions, setUp } from './set-up.ts';

export async function init(options: SetUpOptions, io: Io): Promise<ExitCode> {
  let recoveryKey = '';
  const identity = await setUp(options, io, async (account) =>
    bringNew(account, (key) => {
      recoveryKey = key;
    }),
  );
  report(options, { identity, recoveryKey }, io);
  return 0;
}

interface Made {
  readonly identity: string;
  /** Secret, and kept nowhere else: it is shown here, once. */
  readonly recoveryKey: string;
}

function report(options: SetUpOptions, { identity, recoveryKey }: Made, io: Io): void {
  const { dir, json, serviceUser } = options;
  const [doctor, start] =
    serviceUser === undefined
      ? [invocation('doctor', dir), invocation('run', dir)]
      : ['vaktrom doctor --unit', 'systemctl enable --now vaktrom'];
  const lines = [
    `${dir} is set up. The bot's identity (master key), to compare when you verify it:`,
    `  ${identity}`,
    'Its recovery key, shown only now. With it, "recover" brings the bot back on another host; anybody who',
    'has it can be the bot. Write it down, and keep it away from this host.',
    `  ${recoveryKey}`,
    'Next:',
    `  1. name people, rooms and actions in ${join(dir, 'policy.yaml')}`,
    `  2. try what the daemon relies on: ${doctor}`,
    `  3. start it: ${start}`,
    '  4. invite the bot into an encrypted room that the policy names',
  ];
  const facts = { ok: true, dir, identity, recovery_key: recoveryKey };
  for (const line of json ? [JSON.stringify(facts)] : lines) io.out(line);
}
