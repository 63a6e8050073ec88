import t from 'tap';
import { MatrixError } from '../../../src/demo/homeserver/matrix-error.ts';
import { formatToken, parseToken, Stream } from '../../../src/demo/homeserver/stream.ts';

const LONG_MS = 60_000;
const never = new AbortController().signal;

t.test('each change takes the next position', async (t) => {
  const stream = new Stream();
  t.same([stream.position, stream.advance(), stream.advance(), stream.position], [0, 1, 2, 2]);
});

t.test('a token is read back as the position it was written for', async (t) => {
  for (const position of [0, 1, 4_711, Number.MAX_SAFE_INTEGER % 1e15])
    t.equal(parseToken(formatToken(position)), position);
});

t.test('what is no token is refused', async (t) => {
  for (const text of ['', 's', '7', 's-1', 's1.5', 's1e3', ' s1', 's1 ', 's1234567890123456'])
    t.throws(() => parseToken(text), MatrixError, text);
});

t.test('a pause ends at the next change, and every pause does', async (t) => {
  const stream = new Stream();
  const pauses = [stream.pause(LONG_MS, never), stream.pause(LONG_MS, never)];
  stream.advance();
  t.same(await Promise.all(pauses), ['changed', 'changed']);
});

t.test(
  'a pause is over after its time, when polls are ended, and when the client goes',
  async (t) => {
    const stream = new Stream();
    t.equal(await stream.pause(1, never), 'over');
    const ended = stream.pause(LONG_MS, never);
    stream.endPolls();
    t.equal(await ended, 'over');
    const client = new AbortController();
    const gone = stream.pause(LONG_MS, client.signal);
    client.abort();
    t.equal(await gone, 'over');
    t.equal(await stream.pause(LONG_MS, client.signal), 'over', 'gone before it began');
  },
);
