/** What the probe lays out on the host for its actions to get hold of. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { HOME, isWithin } from '../execution/bwrap.ts';
import type { Destination } from '../execution/plan.ts';

export interface Bait {
  /** A value in the daemon's environment. */
  readonly secret: string;
  /** Where something of the host listens. */
  readonly addresses: readonly (Destination | { readonly path: string })[];
  /** Paths that exist on the host and must not inside. */
  readonly hidden: readonly string[];
}

export interface LaidBait extends AsyncDisposable {
  readonly bait: Bait;
  /** Listens on the host's loopback interface, and is one of the addresses. */
  readonly port: number;
}

const VARIABLE = 'VAKTROM_PROBE';
/** Folders of a host whose contents are none of an action's business. */
const PRIVATE_FOLDERS = ['/boot', '/home', '/opt', '/root', '/run', '/srv', '/sys', '/var'];
const SAMPLES = 20;

/** `hidden`: further folders that must not be seen. */
export async function layBait(hidden: readonly string[]): Promise<LaidBait> {
  await using stack = new AsyncDisposableStack();
  const secret = randomBytes(16).toString('hex');
  process.env[VARIABLE] = secret;
  stack.defer(() => void delete process.env[VARIABLE]);

  const openServer = () => stack.use(createServer((socket) => socket.destroy()).unref());
  const port = await listen(openServer());
  const path = `\0vaktrom-probe-${secret}`; // abstract: belongs to the network namespace
  await once(openServer().listen({ path }), 'listening');

  // The home that we were given: a user whom only the kernel knows has none to ask for.
  const { HOME: home = '/' } = process.env;
  const folders = [home, ...PRIVATE_FOLDERS, ...hidden].filter((folder) => folder !== '/');
  const bait = {
    secret,
    addresses: [{ host: '127.0.0.1', port }, { path }],
    hidden: folders.flatMap(sampleFolder).filter((entry) => !isShown(entry)),
  };
  const kept = stack.move();
  return { bait, port, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function listen(server: Server): Promise<number> {
  await once(server.listen({ host: '127.0.0.1', port: 0 }), 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  return address.port;
}

function sampleFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .slice(0, SAMPLES)
      .map((name) => `${folder}/${name}`);
  } catch {
    return []; // not ours to read, or not there: nor can an action show it
  }
}

/** /usr and HOME are there for every action; the probe itself needs node. */
const isShown = (path: string) =>
  isWithin(path, '/usr') || isWithin(HOME, path) || isWithin(process.execPath, path);
