import t from 'tap';
import { headersFor, refusalOf } from '../../src/web/headers.ts';

const ORIGIN = 'https://ops.example.org';
const hear = (method: string, change: Readonly<Record<string, string | undefined>> = {}) => {
  const headers: Readonly<Record<string, string | undefined>> = {
    host: 'ops.example.org',
    origin: ORIGIN,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    ...change,
  };
  return refusalOf(method, (name) => headers[name], ORIGIN)?.status;
};

t.test('nothing is loaded, framed, cached or named to others', async (t) => {
  const headers = headersFor(ORIGIN, { style: 'a{}', script: 'x()' });
  const csp = headers['content-security-policy'] ?? '';
  for (const rule of [
    "default-src 'none'",
    "script-src 'sha256-",
    "style-src 'sha256-",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
  ])
    t.ok(csp.includes(rule), rule);
  t.notMatch(csp, /unsafe|https:|\*/);
  t.match(headers, {
    'cache-control': /^no-store$/,
    'x-content-type-options': /^nosniff$/,
    'referrer-policy': /^no-referrer$/,
    'strict-transport-security': /max-age/,
  });
  t.notOk(
    'strict-transport-security' in headersFor('http://localhost:1', { style: '', script: '' }),
  );
});

t.test('a request for another name is not heard, against DNS rebinding', async (t) => {
  t.equal(hear('GET'), undefined);
  for (const host of ['evil.example', 'ops.example.org:8480', '127.0.0.1:8480', undefined])
    t.equal(hear('GET', { host }), 421, String(host));
});

t.test('only the page itself can post', async (t) => {
  t.equal(hear('POST'), undefined);
  t.equal(
    hear('POST', { 'sec-fetch-site': undefined }),
    undefined,
    'older browsers say Origin only',
  );
  for (const change of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: undefined },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
  ])
    t.equal(hear('POST', change), 403, JSON.stringify(change));
  t.equal(hear('POST', { 'content-type': 'text/plain' }), 415, 'no form of any page can send JSON');
});
