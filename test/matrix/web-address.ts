import t from 'tap';
import { parseWebAddress } from '../../src/matrix/web-address.ts';

t.test('an address is https, or on this machine', async (t) => {
  const GOOD: readonly (readonly [text: string, href: string])[] = [
    ['https://a.example', 'https://a.example/'],
    ['https://a.example:8443/x?y=1', 'https://a.example:8443/x?y=1'],
    ['http://127.0.0.1:8008/', 'http://127.0.0.1:8008/'],
    ['http://localhost', 'http://localhost/'],
    ['http://[::1]:1/', 'http://[::1]:1/'],
    ['https://ex\u0430mple.org', 'https://xn--exmple-4nf.org/'],
  ];
  for (const [text, href] of GOOD) t.equal(parseWebAddress(text)?.href, href, text);
  for (const text of [
    ...['', 'a.example', 'http://a.example', 'http://127.0.0.1.evil.example', 'ftp://a.example'],
    ...['javascript:alert(1)', 'https://user@a.example', 'https://user:pw@a.example'],
    ...['http://localhost.evil.example', 'http://127.0.0.999', 7, undefined, {}],
  ])
    t.equal(parseWebAddress(text), undefined, JSON.stringify(text));
});

t.test('nothing in it is a command to a terminal', async (t) => {
  const { href } = parseWebAddress('https://a.example/\u001b[2J\n\u202e') ?? {};
  t.equal(href, 'https://a.example/%1B[2J%E2%80%AE');
});
