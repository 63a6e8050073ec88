import t from 'tap';
import { findFlaw, type Plan } from '../../src/execution/plan.ts';

const plan = (change: Partial<Plan> = {}, network: Plan['sandbox']['network'] = []): Plan => ({
  argv: ['/opt/ops/deploy', 'web'],
  env: { LANG: 'C.UTF-8' },
  sandbox: { read: [], write: [], network },
  limits: { timeoutMs: 1000, outputBytes: 1000, memoryBytes: 1 << 20, processes: 10 },
  ...change,
});

t.test('an ordinary plan has no flaw', async (t) => {
  const network = [
    { host: 'deploy.internal', port: 443 },
    { host: 'DB_1', port: 1 },
    { host: 'x'.repeat(63), port: 65535 },
    { host: '4.example', port: 80 },
  ];
  t.equal(findFlaw(plan({}, network)), undefined);
});

t.test('what no program can be given is named', async (t) => {
  for (const text of ['a\0b', '\ud800', 'x\udc00y']) {
    t.match(findFlaw(plan({ argv: ['/x', text] })), /NUL or half a character/);
    t.match(findFlaw(plan({ env: { A: text } })), /NUL or half a character/);
    const sandbox = { network: [], read: [text], write: [] };
    t.match(findFlaw(plan({ sandbox })), /NUL or half a character/);
    t.match(findFlaw(plan({ sandbox: { ...sandbox, read: [], write: [text] } })), /NUL/);
  }
});

t.test('a variable needs a name that is one', async (t) => {
  for (const name of ['', '1A', 'A=B', 'A B', 'É', 'BASH_FUNC_x%%', 'A\0']) {
    t.match(
      findFlaw(plan({ env: { [name]: '' } })),
      /not a name of a variable/,
      JSON.stringify(name),
    );
  }
});

t.test('a limit is a whole number above zero', async (t) => {
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
    for (const name of ['memoryBytes', 'processes']) {
      const limits = { ...plan().limits, [name]: value };
      t.match(findFlaw(plan({ limits })), /a limit of .* is not a whole number/);
    }
  }
});

t.test('a destination is a name and a port', async (t) => {
  const strange = ['', 'a b', 'a\nb', 'ä.de', 'x'.repeat(64), `${'abcdefgh.'.repeat(30)}x`];
  const shapes = '. a..b .a a. -a a- a/b a:1 [::1] ::1 *'.split(' ');
  const addresses = '10.0.0.1 127.1 2130706433 0x7f000001 1.2.3.0x4 a.1'.split(' ');
  for (const host of [...strange, ...shapes, ...addresses]) {
    t.match(findFlaw(plan({}, [{ host, port: 443 }])), /not a host name/, JSON.stringify(host));
  }
  for (const port of [0, -1, 65536, 1.5, Number.NaN]) {
    t.match(findFlaw(plan({}, [{ host: 'a', port }])), /not a TCP port/);
  }
});

t.test('there is an end to the number of destinations', async (t) => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ host: `h${i}x`, port: 1 }));
  t.equal(findFlaw(plan({}, many(100))), undefined);
  t.match(findFlaw(plan({}, many(101))), /more than 100 destinations/);
});
