/** Somebody signs the bot in by the link and the code that a command shows at their terminal. */
import { join } from 'node:path';
import { type Ended, startAtTerminal } from '../support/at-terminal.ts';
import type { SignInServer } from '../support/sign-in-server.ts';
import type { House } from './house.ts';

const VAKTROM = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');
const CODE = /^It is at (\S+)\. The code there has to be (\w+)$/;

/** Runs the command on the house's directory, and enters the code where it says so. */
export async function signInWith(
  server: SignInServer,
  house: House,
  ...args: readonly string[]
): Promise<Ended> {
  await using terminal = startAtTerminal('sh', [VAKTROM, ...args, '--dir', house.dir]);
  const shown = await terminal.sees(CODE);
  const [, , code = ''] = CODE.exec(shown.find((line) => CODE.test(line)) ?? '') ?? [];
  server.enter(code, { user: house.bot });
  return await terminal.ended;
}
