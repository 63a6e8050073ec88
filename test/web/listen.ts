import { request } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { openWeb } from '../../src/web/listen.ts';
import { freePort } from '../support/free-port.ts';
import { Guardroom } from '../support/guardroom.ts';

async function open(t: Test) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const room = new Guardroom({ id: 'localhost', origin });
  const parts = { listen: { host: '127.0.0.1', port }, origin, ceremonies: room.ceremonies };
  const onFatal = (error: unknown) => room.fatal.push(error);
  const web = await openWeb({ ...parts, log: room.log, onFatal });
  t.teardown(() => web[Symbol.asyncDispose]());
  return { ...parts, port, origin, room, web, onFatal };
}

const statusOf = (port: number, headers: Record<string, string>, path = '/'): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

t.test(
  'it serves under its own name only, and leaves the globals of the process alone',
  async (t) => {
    const before = [globalThis.Request, globalThis.Response];
    const { port, origin, room } = await open(t);
    t.strictSame([globalThis.Request, globalThis.Response], before);
    const { request } = await room.ask('deploy', { service: 'web' });
    t.ok(request.id);
    const path = `/p/${room.told('bob')}`;
    const { host } = new URL(origin);
    t.equal(await statusOf(port, { host }, path), 200);
    t.equal(await statusOf(port, { host: `127.0.0.1:${port}` }, path), 421);
    t.equal(
      await statusOf(port, { host, cookie: 'x'.repeat(9000) }, path),
      431,
      'headers have a limit',
    );
  },
);

t.test('a port that is taken is a fault of the settings, said in their words', async (t) => {
  const { listen, origin, ceremonies, room, onFatal } = await open(t);
  await t.rejects(openWeb({ listen, origin, ceremonies, log: room.log, onFatal }), {
    code: /^config_invalid$/,
    message: /^web: cannot listen on 127\.0\.0\.1, port \d+$/,
  });
});

t.test('closing does not wait for somebody who says nothing', async (t) => {
  const { port, web } = await open(t);
  const silent = connect(port, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  const closed = new Promise((resolve) => silent.once('close', resolve));
  silent.on('error', () => {}); // it may be told so; it may be hung up on
  await web[Symbol.asyncDispose]();
  await closed;
  t.pass('and hangs up on them');
});
