/**
 * A real Debian for a test: systemd as PID 1 in namespaces, its disk an ext4 file, up within seconds. Kernel,
 * network and loopback are the host's, so a homeserver on 127.0.0.1 is reached as it is. The guest dies with
 * this process, however that ends (see ./supervise). Needs root, mmdebstrap and e2fsprogs.
 */
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  execFile,
  spawn,
} from 'node:child_process';
import { once } from 'node:events';
import { readFile, rmdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { eventually } from '../people/eventually.ts';
import { type AtTerminal, startAtTerminal } from '../support/at-terminal.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { packCheckout } from './checkout.ts';
import { Supervisor } from './supervisor.ts';

export const SUITES = ['bookworm', 'trixie'] as const;
export type Suite = (typeof SUITES)[number];

export interface GuestOptions {
  readonly suite: Suite;
  /** Debian packages that it starts with, besides systemd, dbus and what every Debian has. */
  readonly packages?: readonly string[];
  /** Limits the guest as a whole, so that what eats memory in it does not eat the host's. */
  readonly memoryMb?: number;
  /** Installs this checkout there: its files as they are now, and its node_modules, read-only. */
  readonly checkout?: string;
}

export interface Task {
  /** root, unless said otherwise. */
  readonly user?: string;
  readonly input?: string | Uint8Array;
  /** After this all processes of the line are killed, and `run` rejects. */
  readonly timeoutMs?: number;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** ./enter, whose number names the group of all that it runs. */
type Entered = Pick<ChildProcess, 'pid'>;

const CACHE = resolve(import.meta.dirname, '../../.cache/guest');
const MODULES = resolve(import.meta.dirname, '../../node_modules');

const script = (name: string): string => join(import.meta.dirname, name);

/** The first call for a suite and its packages makes the image, which takes about a minute. */
export async function bootGuest(options: GuestOptions): Promise<Guest> {
  const { suite, packages = [], memoryMb = 0, checkout } = options;
  const { stdout: image } = await promisify(execFile)(script('image'), [CACHE, suite, ...packages]);
  const shares = checkout === undefined ? [] : [`${MODULES}:${checkout}/node_modules`];
  const supervisor = new Supervisor(script('supervise'), [image.trim(), `${memoryMb}`, ...shares]);
  await using opening = new AsyncDisposableStack();
  const guest = opening.use(new Guest(suite, supervisor));
  await guest.boot();
  if (checkout !== undefined) {
    const archive = await packCheckout('tar');
    await guest.succeed(`tar -x -C ${checkout} -f -`, { input: archive });
  }
  opening.move();
  return guest;
}

export class Guest implements AsyncDisposable {
  readonly suite: Suite;
  readonly #supervisor: Supervisor;
  #dir = '';
  /** The control group in which ./enter puts what it runs. */
  #group = '';

  constructor(suite: Suite, supervisor: Supervisor) {
    this.suite = suite;
    this.#supervisor = supervisor;
  }

  /** Where ./supervise keeps what ./enter has to know. */
  get dir(): string {
    return this.#dir;
  }

  /** Resolves once systemd has started everything, and nothing failed. */
  async boot(): Promise<void> {
    this.#dir = await this.#supervisor.order('up');
    [this.#group = ''] = (await readFile(join(this.#dir, 'groups'), 'utf8')).split('\n');
    const state = await eventually(async () => {
      const { stdout } = await this.run('systemctl is-system-running --wait');
      return ['running', 'degraded', 'maintenance'].find((word) => stdout.trim() === word);
    });
    if (state === 'running') return;
    const { stdout } = await this.run('systemctl --failed --plain');
    throw new Error(`${this.suite} is ${state}:\n${stdout}`);
  }

  /** An orderly shutdown, and the same disk again. */
  async reboot(): Promise<void> {
    await this.run('systemctl reboot');
    await this.#supervisor.order('down');
    await this.boot();
  }

  /** Cuts the power: nothing reaches the disk any more and everything is killed. Boots the same disk again. */
  async powerCut(): Promise<void> {
    await this.#supervisor.order('cut');
    await this.boot();
  }

  /**
   * Runs a line of shell, as at a login. Resolves once it has ended and nobody has its output open, so a
   * process that is to stay has to be given another output.
   */
  async run(line: string, task: Task = {}): Promise<Ran> {
    const { user = 'root', input = '', timeoutMs = PATIENCE_MS } = task;
    const child = this.#enter(user, line);
    child.stdin.end(input);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      void this.#kill(child);
    }, timeoutMs);
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await closed;
    clearTimeout(timer);
    // The group stays for as long as the line left a process behind.
    await rmdir(this.#groupOf(child)).catch(() => {});
    if (isLate) throw new Error(`not done after ${timeoutMs} ms: ${line}\n${stdout}${stderr}`);
    return { code: Number(code ?? 255), stdout, stderr };
  }

  /** What the line prints; rejects if it fails. */
  async succeed(line: string, task: Task = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, task);
    if (code !== 0) throw new Error(`${code} from: ${line}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts a line of shell at a terminal of its own, as at a login there. */
  startAtTerminal(user: string, line: string): AtTerminal {
    // The terminal is one of the guest's: `script` opens it, and passes on what is typed at ours.
    const inGuest = `exec script --quiet --return --command ${quote(line)} /dev/null`;
    const at = startAtTerminal(script('enter'), [this.#dir, user, inGuest]);
    return {
      ...at,
      [Symbol.asyncDispose]: async () => {
        await this.#kill(at);
        await at[Symbol.asyncDispose]();
      },
    };
  }

  async putFile(path: string, content: string | Uint8Array, mode = '644'): Promise<void> {
    const file = quote(path);
    await this.succeed(`install -D -m ${mode} /dev/null ${file} && cat >${file}`, {
      input: content,
    });
  }

  async getFile(path: string): Promise<Buffer> {
    return Buffer.from(await this.succeed(`base64 -w0 ${quote(path)}`), 'base64');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervisor.end();
  }

  #enter(user: string, line: string): ChildProcessWithoutNullStreams {
    const child = spawn(script('enter'), [this.#dir, user, line]);
    child.stdin.on('error', () => {}); // not every program reads all of its input
    return child;
  }

  #groupOf({ pid }: Entered): string {
    return join(this.#group, `run.${pid}`);
  }

  async #kill(child: Entered): Promise<void> {
    await writeFile(join(this.#groupOf(child), 'cgroup.kill'), '1').catch(() => {});
  }
}

/** One word for a shell. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
