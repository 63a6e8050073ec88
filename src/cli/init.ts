/** `vaktrom init`: a directory for a bot with a new identity, and the key that brings it back. */
import { join } from 'node:path';
import { bringNew } from '../matrix/sign-in.ts';
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

function report({ dir, json }: SetUpOptions, { identity, recoveryKey }: Made, io: Io): void {
  const lines = [
    `${dir} is set up. The bot's identity (master key), to compare when you verify it:`,
    `  ${identity}`,
    'Its recovery key, shown only now. It brings the bot back on another host (vaktrom recover), and',
    'whoever has it can be the bot: write it down, and keep it away from this host.',
    `  ${recoveryKey}`,
    'Next:',
    `  1. name people, rooms and actions in ${join(dir, 'policy.yaml')}`,
    `  2. vaktrom doctor --dir ${dir}`,
    `  3. vaktrom run --dir ${dir}, and invite the bot into an encrypted room of the policy`,
  ];
  const facts = { ok: true, dir, identity, recovery_key: recoveryKey };
  for (const line of json ? [JSON.stringify(facts)] : lines) io.out(line);
}
