import t from 'tap';
import { type Http, type HttpRequest, openHttp, Refused } from '../../src/matrix/http.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { hangUp, json, openScriptedServer, type Reply } from '../support/scripted-server.ts';

interface Asked {
  /** What came of it. */
  readonly result: PromiseSettledResult<unknown>;
  readonly count: number;
  readonly retries: readonly number[];
  readonly ms: number;
}

/** Asks a server that answers so; `endAfterMs` is when the caller loses patience. */
async function ask(
  replies: readonly Reply[],
  request: Partial<HttpRequest> = {},
  endAfterMs = PATIENCE_MS,
): Promise<Asked> {
  await using server = await openScriptedServer(...replies);
  const retries: number[] = [];
  const signal = AbortSignal.timeout(endAfterMs);
  const onRetry = (_why: string, delayMs: number) => retries.push(delayMs);
  const http = openHttp({ baseUrl: server.url, token: 'secret', signal, onRetry });
  const start = performance.now();
  const [result] = await Promise.allSettled([http({ method: 'GET', path: '/x', ...request })]);
  const ms = performance.now() - start;
  return { result, count: server.received.length, retries, ms };
}

const OK = json({ ok: true });
const GOOD = { status: 'fulfilled', value: { ok: true } } as const;

t.test('a request goes out as it was given', async (t) => {
  await using server = await openScriptedServer(OK);
  const http = openHttp({
    baseUrl: `${server.url}/base//`,
    token: 'secret',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const query = { a: 'ä &', list: ['1', 2], none: undefined, nil: null };
  await http({ method: 'PUT', path: '/_matrix/x', query, body: '{"a":1}' });
  await http({ method: 'POST', path: '/y', body: { bytes: Uint8Array.of(0, 255), type: 'a/b' } });
  await http({ method: 'GET', path: '/z' });
  const [put, post, get] = server.received;
  t.equal(put?.url, '/base/_matrix/x?a=%C3%A4+%26&list=1&list=2');
  t.equal(put?.body.toString(), '{"a":1}');
  t.has(put?.headers, { authorization: 'Bearer secret', 'content-type': 'application/json' });
  t.same(post?.body, Buffer.from([0, 255]));
  t.has(post?.headers, { 'content-type': 'a/b' });
  t.notOk('content-type' in (get?.headers ?? {}));
});

t.test('without a token none is sent', async (t) => {
  await using server = await openScriptedServer(OK);
  const http = openHttp({ baseUrl: server.url, signal: AbortSignal.timeout(PATIENCE_MS) });
  await http({ method: 'GET', path: '/x' });
  t.notOk('authorization' in (server.received[0]?.headers ?? {}));
});

t.test('JSON is parsed, everything else is bytes', async (t) => {
  t.hasStrict((await ask([OK])).result, GOOD);
  const plain: Reply = (response) => response.end('{"a":1}');
  const { result } = await ask([plain]);
  t.same(result.status === 'fulfilled' && result.value, Buffer.from('{"a":1}'));
});

const cutOff: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"a":');
  setTimeout(() => response.destroy(), 20);
};

t.test('what is broken or busy is tried again, later and later', async (t) => {
  const broken = [
    [hangUp, json({}, 500), json('not JSON')],
    [cutOff, json({}, 502), json({}, 429)],
  ];
  for (const replies of broken) {
    const { result, count, retries } = await ask([...replies, OK]);
    t.hasStrict(result, GOOD);
    t.equal(count, replies.length + 1);
    for (const [i, ms] of retries.entries()) {
      const usual = 250 * 2 ** i;
      t.ok(ms >= usual * 0.75 && ms <= usual * 1.25, `${ms} ms at the ${i + 1}. time`);
    }
  }
});

t.test('a server that says how long to wait is waited for', async (t) => {
  const asks: readonly Reply[] = [
    json({ errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 600 }, 429),
    json({}, 429, { 'retry-after': '1' }),
    json({}, 503, { 'retry-after': '1' }),
  ];
  for (const [i, reply] of asks.entries()) {
    const { result, retries } = await ask([reply, OK]);
    t.hasStrict(result, GOOD);
    t.equal(retries[0], [600, 1000, 1000][i]);
  }
});

t.test('nonsense about how long to wait is not believed', async (t) => {
  const asks: readonly Reply[] = [
    json({ retry_after_ms: -5 }, 429),
    json({ retry_after_ms: '600' }, 429),
    json({}, 429, { 'retry-after': 'Wed, 21 Oct 2037 07:28:00 GMT' }),
    json({}, 429, { 'retry-after': '-3' }),
    json('[]', 429),
    json('null', 429),
  ];
  for (const reply of asks) {
    const { result, retries } = await ask([reply, OK]);
    t.hasStrict(result, GOOD);
    t.ok((retries[0] ?? 0) < 400, `${retries[0]} ms`);
  }
  await using server = await openScriptedServer(json({ retry_after_ms: 1e12 }, 429));
  const told = new AbortController();
  const delays: number[] = [];
  const onRetry = (_why: string, delayMs: number) => {
    delays.push(delayMs);
    told.abort();
  };
  const http = openHttp({ baseUrl: server.url, signal: told.signal, onRetry });
  await t.rejects(http({ method: 'GET', path: '/x' }));
  t.strictSame(delays, [30_000], 'and no wait is longer than half a minute');
});

t.test('a refusal is final, and says what it was', async (t) => {
  const { result, count } = await ask([
    json({ errcode: 'M_FORBIDDEN', error: 'no \x1b[31mred\n@room', soft: true }, 403),
  ]);
  t.equal(count, 1);
  const error = result.status === 'rejected' ? result.reason : undefined;
  t.ok(error instanceof Refused);
  t.has(error, {
    code: 'homeserver_refused',
    status: 403,
    errcode: 'M_FORBIDDEN',
    body: { soft: true },
    message: 'GET /x was refused (403): no \\u{1b}[31mred⏎@room',
  });
});

t.test('a refusal that says nothing is one all the same', async (t) => {
  for (const body of ['"text"', '[]', 'null', '{"errcode":7,"error":{}}', '7'])
    t.has((await ask([json(body, 400)])).result, {
      reason: { status: 400, errcode: '', message: 'GET /x was refused (400)' },
    });
  const long = json({ error: 'x'.repeat(5000) }, 400);
  const { result } = await ask([long]);
  t.ok(result.status === 'rejected' && result.reason.message.length < 300);
});

t.test('a redirect is not followed: the token stays with the homeserver', async (t) => {
  await using elsewhere = await openScriptedServer(OK);
  for (const status of [301, 302, 303, 307, 308]) {
    const { result } = await ask([json({}, status, { location: elsewhere.url })], { once: true });
    t.has(result, { reason: { code: 'homeserver_unreachable' } });
  }
  t.equal(elsewhere.received.length, 0);
});

t.test('who asks once is told at once', async (t) => {
  for (const reply of [hangUp, json({}, 500), json({}, 429), json('{')]) {
    const { result, count, retries } = await ask([reply, OK], { once: true });
    t.equal(result.status, 'rejected');
    t.strictSame([count, retries], [1, []]);
  }
});

t.test('who has some patience is told when it ends', async (t) => {
  const { result, count, ms } = await ask([json({}, 500)], { patienceMs: 2000 });
  t.match(result, { reason: { status: 500 } });
  t.ok(count >= 2 && count <= 6, `${count} attempts`);
  t.ok(ms >= 2000);
});

t.test('who asks for as long as it takes is told when the caller gives up', async (t) => {
  for (const reply of [hangUp, json({}, 500)]) {
    const { result } = await ask([reply], {}, 700);
    t.has(result, { status: 'rejected', reason: { name: 'Fault' } });
  }
});

t.test('an answer that does not come is not waited for, and then asked for again', async (t) => {
  const never: Reply = () => {};
  const half: Reply = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"a":');
  };
  const { result, count } = await ask([never, half, OK], { timeoutMs: 1000 });
  t.hasStrict(result, GOOD);
  t.equal(count, 3);
});

t.test('what is under way ends with the caller', async (t) => {
  const { result } = await ask([() => {}], {}, 200);
  t.has(result, { reason: { code: 'homeserver_unreachable' } });
});

t.test('an answer without end is not taken in', async (t) => {
  let sent = 0;
  const endless: Reply = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = Buffer.alloc(1 << 20, ' ');
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      sent += chunk.length;
      response.once('drain', pour);
    };
    pour();
  };
  const { result } = await ask([endless], { once: true });
  t.has(result, { reason: { cause: { message: 'the answer is too large' } } });
  t.ok(sent < 64 * 1024 ** 2, `${sent >> 20} MB sent`);
});

t.test('JSON has no way into a prototype', async (t) => {
  const { result } = await ask([
    json('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}'),
  ]);
  const value = (result.status === 'fulfilled' ? result.value : {}) as Record<string, unknown>;
  t.equal(value['polluted'], undefined);
  t.equal(({ ...value } as Record<string, unknown>)['polluted'], undefined);
  t.equal(({} as Record<string, unknown>)['polluted'], undefined);
  t.equal(value['a'], 1);
});

t.test('JSON that is nested beyond measure is an answer like any other', async (t) => {
  const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  t.has((await ask([json(deep)], { once: true })).result, { status: 'fulfilled' });
});

t.test('a request is sent again as it was, so that a transaction stays one', async (t) => {
  await using server = await openScriptedServer(hangUp, json({}, 502), OK);
  const http: Http = openHttp({ baseUrl: server.url, signal: AbortSignal.timeout(PATIENCE_MS) });
  await http({ method: 'PUT', path: '/send/txn1', body: '{"ciphertext":"x"}' });
  const [first, ...again] = server.received.map(
    ({ method, url, body }) => `${method} ${url} ${body.toString()}`,
  );
  t.strictSame(again, [first, first]);
});
