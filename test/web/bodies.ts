/** Bodies in every framing that HTTP has, over a real socket: none of them is a failure of ours. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { openWeb } from '../../src/web/listen.ts';
import { freePort } from '../support/free-port.ts';
import { Guardroom } from '../support/guardroom.ts';

const chunked = (body: string): string =>
  `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const sized = (body: string): string => `content-length: ${body.length}\r\n\r\n${body}`;

t.test('a body of any framing gets an answer that is no failure', async (t) => {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const room = new Guardroom({ id: 'localhost', origin });
  const parts = { listen: { host: '127.0.0.1', port }, origin, ceremonies: room.ceremonies };
  const onFatal = (error: unknown) => room.fatal.push(error);
  await using _web = await openWeb({ ...parts, log: room.log, onFatal });
  await room.ask('deploy', { service: 'web' });
  const path = `/p/${room.told('bob')}/begin`;
  const heads = [
    ...[`host: localhost:${port}`, `origin: ${origin}`, 'connection: close'],
    'content-type: application/json',
  ].join('\r\n');
  const statusOf = async (method: string, rest: string, target = path): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}); // what was answered before it counts
    socket.write(`${method} ${target} HTTP/1.1\r\n${heads}\r\n${rest}`);
    const [line = ''] = (await text(socket)).split('\r\n');
    return line.replace('HTTP/1.1 ', '');
  };
  const small = '{"act":"x"}';
  const long = JSON.stringify({ act: 'x'.repeat(17_000) });
  for (const frame of [sized, chunked]) {
    t.equal(await statusOf('POST', frame(small)), '403 Forbidden');
    t.equal(await statusOf('POST', frame('no json')), '403 Forbidden');
    t.equal(await statusOf('POST', frame(long)), '413 Payload Too Large');
    for (const method of ['OPTIONS', 'DELETE', 'PUT', 'PATCH'])
      t.equal(await statusOf(method, frame(small)), '404 Not Found', method);
    t.equal(await statusOf('POST', frame(small), '/'), '404 Not Found');
  }
  t.equal(await statusOf('POST', 'transfer-encoding: chunked\r\n\r\nzz\r\n'), '400 Bad Request');
  t.strictSame([room.log.messages, room.fatal], [['the page for passkeys is served'], []]);
});
