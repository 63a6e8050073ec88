import t from 'tap';
import { formatProblem } from '../../src/config/document.ts';
import { parseSettings } from '../../src/config/settings.ts';
import { listenAddress } from '../../src/config/settings-web.ts';

const parse = (web: string) =>
  parseSettings(
    `version: 1
homeserver: https://matrix.example.org
user: "@bot:example.org"
device: VAKTROM
web: ${web}
`,
    'v',
  );
const problems = (web: string): readonly string[] => {
  const parsed = parse(web);
  return parsed.ok ? [] : parsed.error.map(formatProblem);
};
const page = (origin: string, rpId: string, listen = '127.0.0.1:8480') =>
  `{ listen: "${listen}", origin: "${origin}", rp_id: ${rpId} }`;

t.test('the page has an address to listen on, an origin and a domain', async (t) => {
  const parsed = parse(page('https://ops.example.org', 'example.org'));
  t.strictSame(parsed.ok && parsed.value.web, {
    listen: '127.0.0.1:8480',
    origin: 'https://ops.example.org',
    rp_id: 'example.org',
  });
  t.strictSame(problems(page('http://localhost:8480', 'localhost')), []);
  t.strictSame(problems(page('https://ops.example.org:8443', 'ops.example.org')), []);
});

t.test('an address is one of IPv4, IPv6 or a name, with a port', async (t) => {
  t.strictSame(listenAddress('127.0.0.1:8480'), { host: '127.0.0.1', port: 8480 });
  t.strictSame(listenAddress('[::1]:80'), { host: '::1', port: 80 });
  const wrong =
    'v:5:16: web.listen: must be an address and a port, such as 127.0.0.1:8480 or [::1]:8480';
  for (const listen of ['8480', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:70000', '::1:8480'])
    t.strictSame(problems(page('https://a.example', 'a.example', listen)), [wrong], listen);
});

t.test(
  'an origin is https, or http on this machine, and nothing more than an origin',
  async (t) => {
    const at = 'v:5:42: web.origin: must';
    const notOne = `${at} be an origin such as https://ops.example.org: no path, no slash at the end`;
    t.strictSame(problems(page('https://a.example/', 'a.example')), [notOne]);
    t.strictSame(problems(page('https://A.example', 'a.example')), [notOne]);
    t.strictSame(problems(page('a.example', 'a.example')), [notOne]);
    t.strictSame(problems(page('https://a.example:443', 'a.example')), [notOne]);
    // The parser writes 1.2.0.3 for the first, and refuses the second.
    for (const host of ['1.2.3', '1.2.3.999'])
      t.strictSame(problems(page(`https://${host}`, 'a.example')), [notOne], host);
    const plain = `${at} begin with https://; http:// is for localhost only`;
    t.strictSame(problems(page('http://a.example', 'a.example')), [plain]);
    t.strictSame(problems(page('http://127.0.0.1:8480', 'localhost')), [plain]);
  },
);

t.test('the domain of the passkeys is the host of the page or a parent of it', async (t) => {
  const fault = (origin: string, rpId: string) => problems(page(origin, rpId)).join();
  t.match(
    fault('https://ops.example.org', 'other.org'),
    /v:5:\d+: web\.rp_id: must be ops\.example\.org or a parent domain/,
  );
  t.match(fault('https://ops.example.org', 'ample.org'), /rp_id: must be ops/, 'whole labels only');
  t.match(fault('https://ops.example.org', 'org'), /rp_id: must not be a top-level domain/);
  t.match(fault('https://192.0.2.1', '"192.0.2.1"'), /rp_id: must be a domain name/);
});

t.test('a slip of the pen is found', async (t) => {
  t.match(
    problems('{ listen: "127.0.0.1:1", origin: "https://a.b", rpid: a.b }').join('\n'),
    /rpid: unknown key; did you mean "rp_id"\?/,
  );
});
