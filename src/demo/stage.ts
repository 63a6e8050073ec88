/**
 * The stage of the demo: a homeserver, three people with devices, two rooms, and a daemon that was set
 * up and started as anybody would, in a folder of its own.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RoomId } from '../base/ids.ts';
import { init } from '../cli/init.ts';
import type { Io } from '../cli/io.ts';
import { openDirectory } from '../config/directory.ts';
import { type Daemon, openDaemon } from '../daemon.ts';
import type { Log } from '../ports.ts';
import { type Homeserver, openHomeserver } from './homeserver/homeserver.ts';
import { openPerson, type Person } from './person.ts';

export interface Stage extends AsyncDisposable {
  readonly homeserver: Homeserver;
  readonly daemon: Daemon;
  readonly alice: Person;
  readonly bob: Person;
  /** Knows the homeserver's owner well. */
  readonly mallory: Person;
  readonly ops: RoomId;
  readonly danger: RoomId;
  readonly bot: string;
  /** The vaktrom directory. */
  readonly dir: string;
  /** Puts events into a room in somebody's name, as only the server can; says which event it was. */
  readonly forge: (room: RoomId, sender: string) => (type: string, content: object) => string;
  /** Bob's account under another identity, as whoever owns the homeserver can have it. */
  readonly takeOverBob: () => Promise<Person>;
}

const SERVER_NAME = 'demo.local';
const SILENT: Log = { info() {}, warn() {}, error() {} };

export async function openStage(folder: string): Promise<Stage> {
  await using opening = new AsyncDisposableStack();
  const homeserver = opening.use(await openHomeserver({ serverName: SERVER_NAME }));
  const where = { homeserver: homeserver.url, serverName: SERVER_NAME };
  const open = async (name: string) => opening.use(await openPerson({ ...where, name }));
  const [alice, bob, mallory] = [await open('alice'), await open('bob'), await open('mallory')];
  const bot = `@vaktrom:${SERVER_NAME}`;
  homeserver.state.accounts.register('vaktrom', PASSWORD);
  const ops = await alice.createRoom([bot, bob.user, mallory.user]);
  const danger = await alice.createRoom([bot, bob.user]);
  for (const room of [ops, danger]) await bob.join(room);
  await mallory.join(ops);

  const dir = join(folder, 'vaktrom');
  await setUp({
    dir,
    folder,
    url: homeserver.url,
    bot,
    policy: await writePolicy(folder, alice, bob, ops, danger),
  });
  const daemon = opening.use(await openDaemon(await openDirectory(dir), SILENT));
  await daemon.ready;
  const stack = opening.move();
  return {
    ...{ homeserver, daemon, alice, bob, mallory, ops, danger, bot, dir },
    forge: (room, sender) => (type, content) =>
      homeserver.state.rooms.at(room)?.append({ type, sender, content: { ...content } }).event_id ??
      '',
    takeOverBob: async () => stack.use(await openPerson({ ...where, name: 'bob', takeOver: true })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const PASSWORD = 'only for this demo';

interface SetUp {
  readonly dir: string;
  readonly folder: string;
  readonly url: string;
  readonly bot: string;
  readonly policy: string;
}

async function setUp({ dir, folder, url, bot, policy }: SetUp): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, PASSWORD, { mode: 0o600 });
  const silent: Io = { out() {}, err() {}, ask: undefined };
  const answers = { homeserver: url, user: bot, passwordFile, policy };
  await init({ dir, ...answers, yes: true, newIdentity: false, json: false }, silent);
}

async function writePolicy(
  folder: string,
  alice: Person,
  bob: Person,
  ops: RoomId,
  danger: RoomId,
): Promise<string> {
  const status = await writeScript(folder, 'status', STATUS);
  const deploy = await writeScript(folder, 'deploy', DEPLOY);
  const path = join(folder, 'policy.yaml');
  const text = `version: 1
people:
  alice: { roles: [ops], accounts: [ { id: "${alice.user}", identity: "${alice.identity}" } ] }
  bob: { roles: [ops, dba], accounts: [ { id: "${bob.user}", identity: "${bob.identity}" } ] }
rooms:
  ops: { id: "${ops}" }
  danger: { id: "${danger}" }
actions:
  status:
    summary: Show the health of a service
    run: ["${status}", "{service}"]
    params: { service: { enum: [web, api, db] } }
    effect: read
    allow: { roles: [ops], rooms: [ops, danger] }
  deploy:
    summary: Deploy a release
    run: ["${deploy}", "{service}", "{version}"]
    params:
      service: { enum: [web, api] }
      version: { pattern: "[0-9]{1,4}\\\\.[0-9]{1,4}\\\\.[0-9]{1,4}", max_length: 14 }
    effect: change
    allow: { roles: [ops], rooms: [danger] }
    require: { step_up: totp, approvals: { count: 1, roles: [ops, dba], within: 30m } }
...
`;
  await writeFile(path, text);
  return path;
}

async function writeScript(folder: string, name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}`);
  await chmod(path, 0o755);
  return path;
}

const STATUS = `
echo "$1: 3 of 3 instances healthy"
echo "I am $(id -un) on $(hostname); processes that I can see: $(ls -d /proc/[0-9]* | wc -l)"
echo "network interfaces: $(ls /sys/class/net 2>/dev/null | tr '\\n' ' ')none but loopback"
`;
const DEPLOY = `
for step in fetch verify switch; do echo "$step $1 $2"; sleep 0.4; done
`;
