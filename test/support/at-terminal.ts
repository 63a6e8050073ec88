/** A program at a terminal of its own, and what somebody sees who sits there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openEmulator } from '../../src/output/screen.ts';
import { COLUMNS, ROWS } from '../../src/output/screen-size.ts';
import { openTerminal } from '../../src/sandbox/terminal.ts';
import { eventually } from '../people/eventually.ts';
import { childEnv, DIES_WITH_US } from './child-env.ts';

export interface AtTerminal extends AsyncDisposable {
  readonly pid: number;
  /** The lines on the screen, as soon as one of them is this one, or fits it. */
  sees(line: string | RegExp): Promise<readonly string[]>;
  types(keys: string): void;
  /** How it ended, and the last screen. */
  readonly ended: Promise<Ended>;
}

interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Does not end when this process is killed. */
  readonly outlives?: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
}

/** Runs its arguments with no descriptor but the terminal. */
const ALONE =
  'for fd in $(ls /proc/self/fd); do [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; exec "$@"';

export const CTRL_C = '\u0003';
export const CTRL_D = '\u0004';
export const ENTER = '\r';

export function startAtTerminal(
  program: string,
  args: readonly string[],
  options: Options = {},
): AtTerminal {
  const screen = openEmulator();
  let shown = Promise.resolve();
  const terminal = openTerminal({ columns: COLUMNS, rows: ROWS }, (bytes) => {
    shown = shown.then(() => screen.write(bytes));
  });
  const { device } = terminal;
  const env = { ...childEnv(), TERM: 'xterm', ...options.env };
  const clean = ['env', '-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  // --ctty: Ctrl-C and a hang-up reach it as they reach any program of that terminal. Clean: tap hangs
  // on every child what answers signals in its place, and the other end of the terminal is not for it.
  const child = spawn(
    'setpriv',
    [
      ...(options.outlives ? ['--'] : DIES_WITH_US),
      ...['setsid', '--ctty', 'bash', '-c', ALONE, 'bash', ...clean, program, ...args],
    ],
    {
      cwd: options.cwd ?? '/',
      stdio: [device, device, device],
    },
  );
  terminal.release();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  const looks = async (): Promise<readonly string[]> => {
    await shown;
    // The screen is made for rooms, where a name behind an @ could ring somebody.
    return screen.lines().map((line) => line.trimEnd().replaceAll('\uff20', '@'));
  };
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const fits = (line: string, wanted: string | RegExp): boolean =>
    typeof wanted === 'string' ? line === wanted : wanted.test(line);
  return {
    pid,
    async sees(wanted) {
      let last: readonly string[] = [];
      const found = eventually(async () => {
        last = await looks();
        return last.some((line) => fits(line, wanted)) ? last : undefined;
      });
      return found.catch((error: unknown) => {
        throw new Error(`no line ${wanted} on the screen:\n${last.join('\n')}`, { cause: error });
      });
    },
    types: (keys) => terminal.write(keys),
    ended: exit.then(async ([code, signal]) => {
      await terminal.closed;
      return { code, signal, lines: await looks() };
    }),
    async [Symbol.asyncDispose]() {
      // The whole session: a shell, what it started, and npm in between.
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
      await exit;
      await terminal.closed;
      await shown;
      screen[Symbol.dispose]();
    },
  };
}
