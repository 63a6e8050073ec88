/**
 * A house to tell a story in: a homeserver, a bot that `vaktrom init` has set up, a policy with people in
 * it, and the daemon as a process of its own, driven through its command line like a user would.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Entry } from '../../src/audit/entry.ts';
import { type OwnFolder, openOwnFolder } from '../../src/demo/folder.ts';
import { Authenticator } from '../people/authenticator.ts';
import { eventually } from '../people/eventually.ts';
import { openPerson, type Person } from '../people/person.ts';
import { childEnv, DIES_WITH_US } from '../support/child-env.ts';

export interface Server {
  readonly baseUrl: string;
  readonly serverName: string;
  readonly register: (name: string, password: string) => Promise<unknown>;
}

/** As it is installed. */
const VAKTROM = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line, run to its end. */
export const vaktrom = (...args: readonly string[]): Promise<Ended> => vaktromIn('/', ...args);

/** The same in a folder, for relative paths. */
export async function vaktromIn(folder: string, ...args: readonly string[]): Promise<Ended> {
  const child = start(args, folder);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

const start = (
  args: readonly string[],
  cwd = '/',
  { stdin = 'ignore', path }: StartOptions = {},
): ChildProcess =>
  spawn('setpriv', [...DIES_WITH_US, 'sh', VAKTROM, ...args], {
    cwd,
    stdio: [stdin, 'pipe', 'pipe'],
    env: childEnv(path),
  });

interface StartOptions {
  readonly stdin?: 'ignore' | 'pipe';
  readonly path?: string;
}

/** Everything that a stream has said so far. */
function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

interface RunningDaemon {
  readonly process: ChildProcess;
  /** Sends the signal, waits for the end, resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** What it wrote to stderr so far. */
  log(): string;
  readonly ended: Promise<number | null>;
}

export class House implements AsyncDisposable {
  readonly server: Server;
  /** Where the daemon finds the programs of the host. */
  path = process.env['PATH'] ?? '';
  readonly #folder: OwnFolder;
  readonly #people: Person[] = [];
  #daemon: RunningDaemon | undefined;

  static async open(server: Server): Promise<House> {
    return new House(server, await openOwnFolder('house'));
  }

  private constructor(server: Server, folder: OwnFolder) {
    this.server = server;
    this.#folder = folder;
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** Of the daemon that was started last. */
  get pid(): number {
    return this.#daemon?.process.pid ?? 0;
  }

  /** The vaktrom directory. */
  get dir(): string {
    return join(this.folder, 'vaktrom');
  }

  get bot(): string {
    return `@bot:${this.server.serverName}`;
  }

  /** A new account and a client for it, or another device of an account that is there already. */
  async person(
    name: string,
    device: { crossSigned?: boolean; isNew?: boolean } = {},
  ): Promise<Person> {
    const password = `${name}-password`;
    if (device.isNew !== false) await this.server.register(name, password);
    const { crossSigned = true } = device;
    const { baseUrl } = this.server;
    const person = await openPerson({ baseUrl, name, password, crossSigned });
    this.#people.push(person);
    return person;
  }

  /** An executable shell script outside of the vaktrom directory; returns its path. */
  async script(name: string, body: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
    return path;
  }

  async init(policy: string, ...more: readonly string[]): Promise<Ended> {
    await this.server.register('bot', 'bot-password');
    const file = async (name: string, text: string) => {
      await writeFile(join(this.folder, name), text, { mode: 0o600 });
      return join(this.folder, name);
    };
    return vaktrom(
      'init',
      ...['--dir', this.dir, '--homeserver', this.server.baseUrl, '--user', this.bot],
      ...['--password-file', await file('password', 'bot-password\n')],
      ...['--policy', await file('policy.yaml', ended(policy)), '--yes', ...more],
    );
  }

  /** Sets up one-time codes for a person, as whoever runs the host does; the daemon must be running. */
  async enrolTotp(person: string): Promise<Authenticator> {
    const child = start(['enrol', 'totp', person, '--dir', this.dir], '/', { stdin: 'pipe' });
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const ended = once(child, 'close') as Promise<[number | null]>;
    const [uri] = await Promise.race([
      eventually(() => /otpauth:\S+(?=\s)/.exec(stdout()) ?? undefined),
      ended.then(() => [] as string[]),
    ]);
    const authenticator = new Authenticator(uri ?? '');
    if (uri !== undefined) child.stdin?.end(`${await authenticator.next()}\n`);
    const [code] = await ended;
    if (code !== 0) throw new Error(`${person} could not be enrolled: ${stdout()}${stderr()}`);
    return authenticator;
  }

  /** Starts the daemon and waits for nothing. */
  start(dir = this.dir): ChildProcess {
    const child = start(['run', '--dir', dir], '/', { path: this.path });
    const log = collect(child.stderr);
    const ended = once(child, 'close') as Promise<[number | null]>;
    this.#daemon = {
      process: child,
      log,
      ended: ended.then(([code]) => code),
      async stop(signal = 'SIGTERM') {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal);
        return (await ended)[0];
      },
    };
    return child;
  }

  /** Starts the daemon and waits for "ready". */
  async run(dir = this.dir): Promise<void> {
    const child = this.start(dir);
    const lines = createInterface({ input: child.stdout ?? process.stdin });
    const ended = once(child, 'close').then(() => undefined);
    const first = (await Promise.race([once(lines, 'line'), ended])) as [string] | undefined;
    if (first?.[0] !== 'ready')
      throw new Error(`the daemon did not get ready: ${this.#daemon?.log()}`);
  }

  /** Ends the daemon; resolves with its exit code. */
  async stop(signal?: NodeJS.Signals): Promise<number | null | undefined> {
    return this.#daemon?.stop(signal);
  }

  /** Resolves with its exit code once the daemon has ended by itself. */
  async ended(): Promise<number | null | undefined> {
    return this.#daemon?.ended;
  }

  /** What the daemon that was started last has written to stderr. */
  log(): string {
    return this.#daemon?.log() ?? '';
  }

  /** The audit log as an auditor gets it. */
  async entries(): Promise<readonly Entry[]> {
    const { stdout } = await vaktrom('audit', 'show', '--json', '--dir', this.dir);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop('SIGKILL');
    for (const person of this.#people) await person[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Policies are written here without the mark that the end of a file needs, unless they are files. */
const ended = (policy: string): string => policy.replace(/(?<!\n\.{3}\n)$/, '...\n');
