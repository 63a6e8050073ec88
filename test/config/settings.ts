import t from 'tap';
import { formatProblem } from '../../src/config/document.ts';
import { parseSettings } from '../../src/config/settings.ts';

const GOOD = [
  'version: 1',
  'homeserver: https://matrix.example.org',
  'user: "@bot:example.org"',
  'device: VAKTROM',
];
const parse = (...lines: readonly string[]) => parseSettings(`${lines.join('\n')}\n`, 'v');
function problems(...lines: readonly string[]): readonly string[] {
  const parsed = parse(...lines);
  return parsed.ok ? [] : parsed.error.map(formatProblem);
}

t.test('settings have defaults for where things are', async (t) => {
  const parsed = parse(...GOOD);
  t.strictSame(parsed.ok && parsed.value, {
    version: 1,
    homeserver: 'https://matrix.example.org',
    user: '@bot:example.org',
    device: 'VAKTROM',
    policy: 'policy.yaml',
    state: 'state',
    secrets: 'secrets',
  });
});

t.test('a homeserver may be plain http, for a loopback address', async (t) => {
  t.strictSame(problems(...GOOD.with(1, 'homeserver: http://127.0.0.1:8008')), []);
  t.strictSame(problems(...GOOD.with(1, 'homeserver: "http://[::1]:8008"')), []);
  t.strictSame(problems(...GOOD.with(1, 'homeserver: https://bücher.example:8448/matrix/')), []);
});

t.test('what is wrong is said with its place', async (t) => {
  const url = 'v:2:13: homeserver: must be a URL such as https://matrix.example.org';
  t.strictSame(problems(...GOOD.with(1, 'homeserver: matrix.example.org')), [url]);
  t.strictSame(problems(...GOOD.with(1, 'homeserver: ftp://example.org')), [url]);
  for (const more of ['?x=1', '#x', ':0', ':65536', ' '])
    t.strictSame(
      problems(...GOOD.with(1, `homeserver: "https://example.org${more}"`)),
      [url],
      more,
    );
  t.strictSame(problems(...GOOD.with(1, 'homeserver: "https://a:b@example.org"')), [url]);
  t.strictSame(problems(...GOOD.with(1, 'homeserver: https://1.2.3.999')), [url]);
  t.strictSame(problems(...GOOD.with(2, 'user: bot')), [
    'v:3:7: user: "bot" is not a Matrix account (like @alice:example.org)',
  ]);
  t.strictSame(problems(...GOOD.with(3, 'device: "a b"')), [
    'v:4:9: device: "a b" is not a device id (like ABCDEFGH)',
  ]);
  t.strictSame(problems(...GOOD.slice(0, 3)), ['v:1:1: device: is missing (text)']);
  t.strictSame(problems(...GOOD, 'sectrets: x'), [
    'v:5:1: sectrets: unknown key; did you mean "secrets"?',
  ]);
  t.strictSame(problems(...GOOD, 'state: ""'), ['v:5:8: state: must not be empty']);
});
