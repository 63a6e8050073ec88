/**
 * `vaktrom recover`: the same bot on a new host. Its identity comes out of secret storage at the
 * homeserver, with the recovery key that init showed; the device and everything else is new.
 */
import { text } from 'node:stream/consumers';
import { Fault } from '../base/errors.ts';
import { parseRecoveryKey } from '../matrix/recovery-key.ts';
import { bringStored } from '../matrix/sign-in/sign-in.ts';
import type { ExitCode, Io } from './io.ts';
import { type SetUpOptions, setUp } from './set-up.ts';

export async function recover(options: SetUpOptions, io: Io): Promise<ExitCode> {
  const identity = await setUp(options, io, async (account) =>
    bringStored(account, await readRecoveryKey(io)),
  );
  const { dir, json } = options;
  if (json) io.out(JSON.stringify({ ok: true, dir, identity }));
  else {
    io.out(`${dir} is set up, for the same identity as before:`);
    io.out(`  ${identity}`);
    io.out('The log is a new one: keep that of the old host. Sign the old device out in a client.');
  }
  return 0;
}

/** From the terminal or from stdin; a command line would show it to everybody on the host. */
async function readRecoveryKey({ ask }: Io): Promise<Uint8Array> {
  const typed = ask ? await ask('Recovery key: ', true) : await readInput();
  const key = parseRecoveryKey(typed);
  if (!key.ok) throw new Fault('recovery_key_wrong', `the recovery key: ${key.error}`);
  return key.value;
}

const readInput = (): Promise<string> => text(process.stdin);
