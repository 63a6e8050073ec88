import { once } from 'node:events';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { dial, dialBy, type Resolve } from '../../src/sandbox/dial.ts';

/** A server on the host's loopback interface that says where it was reached. */
async function listen(t: Test, host: string): Promise<number> {
  const server = createServer((socket) => socket.end(`at ${host}`));
  await once(server.listen(0, host), 'listening');
  t.teardown(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** What is heard at the other end, or the code of the error. */
async function heard(socket: ReturnType<typeof dial>): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('end', () => resolve(text));
  });
  return ended.finally(() => socket.destroy());
}

const leadsTo =
  (...addresses: readonly string[]): Resolve =>
  (_name, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

t.test('a name is not reached where it leads to what only this host can reach', async (t) => {
  const port = await listen(t, '127.0.0.1');
  for (const address of [
    ...['127.0.0.1', '127.8.8.8', '0.0.0.0', '169.254.169.254', '168.63.129.16'],
    ...['100.100.100.200', '192.0.0.192', '::1', '::', 'fe80::1', 'fe80::1%lo', 'fd00:ec2::254'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254'],
  ]) {
    const socket = dialBy(leadsTo(address))({ host: 'deploy.internal', port });
    t.equal(await heard(socket), 'ENETUNREACH', address);
  }
});

t.test('only `localhost` is a name of loopback, and nothing below it', async (t) => {
  for (const host of ['metadata.localhost', 'localhost.example.org', 'localhost.'])
    t.equal(await heard(dialBy(leadsTo('127.0.0.1'))({ host, port: 1 })), 'ENETUNREACH', host);
});

t.test('of several addresses, only the others are tried', async (t) => {
  const port = await listen(t, '127.0.0.1');
  // To the broadcast address a connection fails at once.
  const resolve = leadsTo('127.0.0.1', '255.255.255.255');
  const socket = dialBy(resolve)({ host: 'deploy.internal', port });
  const [error] = await once(socket, 'error');
  t.hasStrict(error, { syscall: 'connect', address: '255.255.255.255' });
});

t.test('a name that nobody knows fails as it does', async (t) => {
  const unknown: Resolve = (name, _options, done) =>
    done(Object.assign(new Error(name), { code: 'ENOTFOUND' }), []);
  t.equal(await heard(dialBy(unknown)({ host: 'nowhere.internal', port: 1 })), 'ENOTFOUND');
});

t.test('what the policy names itself is reached', async (t) => {
  const port = await listen(t, '127.0.0.1');
  for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST'])
    t.equal(await heard(dial({ host, port })), 'at 127.0.0.1', host);
});
