import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import t, { type Test } from 'tap';
import type { Destination } from '../../src/execution/plan.ts';
import { type Change, exited, openStage, type Stage, until } from './fixtures/stage.ts';

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url).pathname;

/** A server on the host's loopback interface; returns its port. */
async function listen(t: Test, onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Sends every destination to that port, and remembers which were asked for. */
function divert(port: number) {
  const asked: Destination[] = [];
  const dial = (destination: Destination) => {
    asked.push(destination);
    return connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  };
  return { asked, dial };
}

/** Runs `talk.mjs` or `talk-tls.mjs` inside. */
function talk({ play }: Stage, network: readonly Destination[], ...args: readonly string[]) {
  const [script = '', ...rest] = args;
  const read = [process.execPath, fixture(script)];
  const change: Change = { sandbox: { read, network } };
  return play([process.execPath, fixture(script), ...rest], change);
}

t.test('a destination is reached under its name, at its port, also a low one', async (t) => {
  const port = await listen(t, (socket) => {
    socket.end('hello from outside');
  });
  const { asked, dial } = divert(port);
  const stage = openStage(t, { dial });
  const network = [{ host: 'Deploy.internal', port: 443 }];
  for (const name of ['deploy.internal', 'DEPLOY.internal', '127.0.0.2']) {
    const { end, text } = await talk(stage, network, 'talk.mjs', name, '443');
    t.strictSame(end, exited(0));
    t.equal(text, 'hello from outside', name);
  }
  t.strictSame(asked, [network[0], network[0], network[0]], 'as written in the policy');
});

t.test('by default the name is resolved on the host, when it is dialled', async (t) => {
  const port = await listen(t, (socket) => socket.end('really'));
  const stage = openStage(t);
  const network = [{ host: 'localhost', port }];
  const { text } = await talk(stage, network, 'talk.mjs', 'localhost', `${port}`);
  t.equal(text, 'really');
});

t.test('TLS runs through, and is checked against the name', async (t) => {
  // Self-signed for deploy.internal, good for nothing but this.
  const [key, cert] = [fixture('deploy-internal-key.pem'), fixture('deploy-internal.pem')];
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createTlsServer(options, (socket) => socket.end('secret word'));
  server.on('tlsClientError', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  const stage = openStage(t, { dial: divert(address.port).dial });
  const ask = async (host: string) => {
    const read = [process.execPath, fixture('talk-tls.mjs'), cert];
    const sandbox = { read, network: [{ host, port: 443 }] };
    const args = [fixture('talk-tls.mjs'), host, '443', cert] as const;
    return (await stage.play([process.execPath, ...args], { sandbox })).text;
  };
  t.equal(await ask('deploy.internal'), 'authorized: true\nsecret word');
  t.equal(await ask('other.internal'), 'ERR_TLS_CERT_ALTNAME_INVALID\n');
});

t.test('nothing else is reached', async (t) => {
  const port = await listen(t, (socket) => socket.end('wrong'));
  const { asked, dial } = divert(port);
  const stage = openStage(t, { dial });
  const outer = Object.values(networkInterfaces()).flat();
  const own = outer.flatMap((it) => (it && !it.internal ? [it.address] : []));
  const network = [
    { host: 'one.internal', port: 443 },
    { host: 'two.internal', port: 80 },
  ];
  const attempts = [
    `one.internal 80,two.internal 443,one.internal ${port},127.0.0.1 ${port},localhost ${port}`,
    `127.0.0.4 443,::1 ${port},three.internal 443,example.org 443,192.0.2.1 443,2001:db8::1 443`,
    ...own.map((address) => `${address} ${port}`),
  ].flatMap((list) => list.split(','));
  const script = `for attempt; do set -- $attempt; timeout 60 "$NODE" "$TALK" $attempt; done`;
  const change = {
    env: { NODE: process.execPath, TALK: fixture('talk.mjs') },
    sandbox: { read: [process.execPath, fixture('talk.mjs')], network },
  };
  const { text } = await stage.playScript(script, change, ...attempts);
  const answers = text.trim().split('\n');
  t.equal(answers.length, attempts.length);
  for (const [i, answer] of answers.entries()) {
    t.match(
      answer,
      /^(ECONNREFUSED|ENOTFOUND|ENETUNREACH|EAI_AGAIN|EADDRNOTAVAIL|EINVAL)$/,
      attempts[i] ?? '',
    );
  }
  t.strictSame(asked, []);
});

t.test('without destinations there is nothing but an empty loopback', async (t) => {
  const { playScript } = openStage(t);
  const { text } = await playScript(
    'cat /proc/net/dev | tail -n +3 | cut -d: -f1; cat /proc/net/route | tail -n +2; cat /etc/hosts',
  );
  t.equal(text.trim(), 'lo\n127.0.0.1 localhost sandbox');
});

t.test('bytes are carried both ways, whole, with each side’s end', async (t) => {
  const heard = createHash('sha256');
  const port = await listen(t, (socket) => {
    socket.on('data', (bytes) => heard.update(bytes));
    socket.on('end', () => socket.end(`${heard.digest('hex')}\n${'.'.repeat(500_000)}`));
  });
  const stage = openStage(t, { dial: divert(port).dial });
  const sandbox = {
    read: [process.execPath],
    network: [{ host: 'sink.internal', port: 7 }],
  };
  const program = `
    const hash = require('node:crypto').createHash('sha256');
    const socket = require('node:net').connect({ host: 'sink.internal', port: 7, allowHalfOpen: true });
    const sent = Buffer.alloc(6e6, 'abc');
    console.log(hash.update(sent).digest('hex'));
    let heard = '';
    socket.end(sent).on('data', (bytes) => { heard += bytes; });
    socket.on('end', () => console.log(heard.split('\\n')[0] + ' ' + heard.length));`;
  const { end, text } = await stage.play([process.execPath, '-e', program], { sandbox });
  t.strictSame(end, exited(0));
  const [hash] = text.split('\n');
  t.equal(text, `${hash}\n${hash} 500065\n`);
});

t.test('a destination that does not answer fails for the action', async (t) => {
  const stage = openStage(t, { dial: divert(1).dial });
  const network = [{ host: 'down.internal', port: 443 }];
  const { end, text } = await talk(stage, network, 'talk.mjs', 'down.internal', '443');
  t.strictSame(end, exited(0));
  t.equal(text, 'ECONNRESET\n');
});

t.test('the action has no rights over its network', async (t) => {
  const stage = openStage(t, { dial: divert(1).dial });
  const change = { sandbox: { network: [{ host: 'a.internal', port: 443 }] } };
  const script = `grep -E '^Cap(Eff|Prm|Bnd)' /proc/self/status | cut -f2 | sort -u
    (echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start) 2>&1 | grep -o Read-only
    set -- /proc/[0-9]*; echo $#; ls /run /tmp`;
  t.equal(
    (await stage.playScript(script, change)).text,
    '0000000000000000\nRead-only\n2\n/run:\n\n/tmp:\n',
  );
});

t.test('connections are not without end, and none outlives the run', async (t) => {
  const open = new Set<Socket>();
  const port = await listen(t, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('end', () => socket.end()).resume();
  });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, open.size);
  }, 1);
  const stage = openStage(t, { dial: divert(port).dial });
  const program = `
    const { connect } = require('node:net');
    let closed = 0;
    const note = () => ++closed === 136 && console.log('the others are closed');
    for (let i = 0; i < 200; i++)
      connect(443, 'many.internal').on('error', () => {}).on('close', note);
    setInterval(() => {}, 1000);`;
  const sandbox = { read: [process.execPath], network: [{ host: 'many.internal', port: 443 }] };
  const env = { PROGRAM: program };
  const { run, text } = stage.start(`exec ${process.execPath} -e "$PROGRAM"`, { sandbox, env });
  await until(() => text() === 'the others are closed\n' && most >= 64);
  run.kill();
  await run.ended;
  clearInterval(watch);
  t.equal(most, 64);
  await until(() => open.size === 0);
});

t.test('a destination that never ends does not keep the run from ending', async (t) => {
  const port = await listen(t, (socket) => {
    t.teardown(() => socket.destroy());
    socket.write('still here');
  });
  const stage = openStage(t, { dial: divert(port).dial });
  const program = `
    const socket = require('node:net').connect(443, 'slow.internal');
    socket.on('data', (bytes) => { console.log(String(bytes)); process.exit(3); });`;
  const sandbox = { read: [process.execPath], network: [{ host: 'slow.internal', port: 443 }] };
  const played = await stage.play([process.execPath, '-e', program], { sandbox });
  t.strictSame(played, { end: exited(3), text: 'still here\n' });
});

t.test('runs at the same time have networks of their own', async (t) => {
  const ports = await Promise.all(['a', 'b', 'c'].map((word) => listen(t, (s) => s.end(word))));
  const hosts = ['a.internal', 'b.internal', 'c.internal'];
  const dial = ({ host }: Destination) =>
    connect({ host: '127.0.0.1', port: ports[hosts.indexOf(host)] ?? 1 });
  const stage = openStage(t, { dial });
  const heard = await Promise.all(
    hosts.map((host) => talk(stage, [{ host, port: 443 }], 'talk.mjs', host, '443')),
  );
  t.strictSame(
    heard.map(({ text }) => text),
    ['a', 'b', 'c'],
  );
});

t.test('nothing stays open on the host', async (t) => {
  const open = new Set<Socket>();
  const port = await listen(t, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).end('x');
  });
  const stage = openStage(t, { dial: divert(port).dial });
  const count = () => readdirSync('/proc/self/fd').length;
  const network = [
    { host: 'a.internal', port: 443 },
    { host: 'b.internal', port: 443 },
  ];
  await talk(stage, network, 'talk.mjs', 'a.internal', '443');
  await until(() => open.size === 0);
  const before = count();
  for (let i = 0; i < 3; i++) await talk(stage, network, 'talk.mjs', 'a.internal', '443');
  await until(() => open.size === 0);
  t.equal(count(), before);
});

t.test('an address in place of a name is refused before anything starts', async (t) => {
  const { play } = openStage(t);
  const sandbox = { network: [{ host: '10.0.0.1', port: 443 }] };
  const { end } = await play(['/usr/bin/true'], { sandbox });
  t.match(end, { kind: /^not_started$/, reason: /destinations are names, not addresses/ });
});
