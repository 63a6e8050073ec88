/**
 * A real Synapse for a test: in a sandbox of its own, on the loopback interface, with a state directory
 * that goes when it goes. It dies with this process, however that ends.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { type JsonObject, textAt } from '../../src/demo/homeserver/json.ts';
import { eventually } from '../people/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { logConfig, synapseConfig } from './config.ts';

export interface Registered {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

export interface Synapse extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly serverName: string;
  /** The access token of an administrator. */
  readonly adminToken: string;
  readonly register: (
    name: string,
    password: string,
    wish?: { readonly admin?: boolean },
  ) => Promise<Registered>;
}

const CACHE = resolve(import.meta.dirname, '../../.cache/synapse');

/** The first call on a machine downloads Synapse, which takes about half a minute. */
export async function openSynapse(more?: JsonObject): Promise<Synapse> {
  const bwrap = await run('host-tools', join(CACHE, 'tools'), 'bwrap');
  await run('rootfs', join(CACHE, 'rootfs'), bwrap);
  await using stack = new AsyncDisposableStack();
  const { path: dir } = stack.use(await openOwnFolder('synapse'));
  const serverName = 'localhost';
  const port = await freePort();
  const registrationSecret = randomBytes(24).toString('hex');
  await writeState(dir, synapseConfig({ serverName, port, registrationSecret, more }));
  const child = startSynapse(bwrap, dir);
  stack.defer(() => stop(child));
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child, join(dir, 'log'));
  const register = registration(url, registrationSecret);
  const admin = await register('admin', randomBytes(12).toString('hex'), { admin: true });
  const opened = stack.move();
  return {
    url,
    serverName,
    adminToken: admin.accessToken,
    register,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Runs a script of this directory and returns what it prints. */
async function run(script: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, script), args);
  return stdout.trim();
}

/** YAML takes JSON as it is. */
async function writeState(dir: string, config: JsonObject): Promise<void> {
  const seed = randomBytes(32).toString('base64').replaceAll('=', '');
  await writeFile(join(dir, 'homeserver.yaml'), JSON.stringify(config));
  await writeFile(join(dir, 'log.config'), JSON.stringify(logConfig));
  await writeFile(join(dir, 'signing.key'), `ed25519 a_test ${seed}\n`);
}

function startSynapse(bwrap: string, dir: string): ChildProcess {
  const log = openSync(join(dir, 'log'), 'a');
  const files = ['--ro-bind', join(CACHE, 'rootfs'), '/', '--bind', dir, '/data'];
  const kernel = ['--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/run'];
  const life = ['--unshare-pid', '--die-with-parent', '--chdir', '/data'];
  const command = ['python3', '-m', 'synapse.app.homeserver', '--config-path=homeserver.yaml'];
  const child = spawn(bwrap, [...files, ...kernel, ...life, ...command], {
    env: { PATH: '/usr/sbin:/usr/bin', HOME: '/data', LANG: 'C.UTF-8' },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

async function ready(url: string, child: ChildProcess, log: string): Promise<void> {
  try {
    await eventually(async () => {
      if (hasEnded(child)) throw new Error('Synapse ended at once');
      const answer = await fetch(`${url}/_matrix/client/versions`).catch(() => undefined);
      return answer?.ok === true ? answer : undefined;
    });
  } catch (cause) {
    const last = (await readFile(log, 'utf8')).slice(-2000);
    throw new Error(`Synapse did not start:\n${last}`, { cause });
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Synapse's shared-secret registration, which works while open registration is off. */
const registration =
  (url: string, secret: string): Synapse['register'] =>
  async (name, password, { admin = false } = {}) => {
    const endpoint = `${url}/_synapse/admin/v1/register`;
    const nonce = textAt(await json(await fetch(endpoint)), 'nonce') ?? '';
    const role = admin ? 'admin' : 'notadmin';
    const mac = createHmac('sha1', secret).update([nonce, name, password, role].join('\0'));
    const body = { nonce, username: name, password, admin, mac: mac.digest('hex') };
    const answer = await json(
      await fetch(endpoint, { method: 'POST', body: JSON.stringify(body) }),
    );
    const field = (key: string) => textAt(answer, key) ?? '';
    return {
      userId: field('user_id'),
      deviceId: field('device_id'),
      accessToken: field('access_token'),
    };
  };

async function json(response: Response): Promise<JsonObject> {
  const body: JsonObject = JSON.parse(await response.text());
  if (!response.ok) throw new Error(`registration: ${JSON.stringify(body)}`);
  return body;
}
