import t from 'tap';
import { renderSheet } from '../../src/output/sheet.ts';
import { safeArgv } from '../../src/output/text.ts';
import { freezeRequest } from '../../src/request/request.ts';
import { Guardroom } from '../support/guardroom.ts';
import { event } from '../support/ids.ts';

const party = { id: 'localhost', origin: 'http://localhost:1' };

async function sheetOf(change: object = {}) {
  const { request } = await new Guardroom(party).ask('db-failover', { target: 'db2' });
  const other = freezeRequest({ ...request.frozen, ...change }, event('$thread'));
  const facts = renderSheet(other);
  return (name: string) => facts.find((fact) => fact.name === name)?.values;
}

t.test('everything that is frozen and matters is on the sheet', async (t) => {
  const fact = await sheetOf({ urgent: 'the site is down' });
  t.strictSame(fact('network'), ['db.internal:5432']);
  t.strictSame(fact('writes'), ['/var/lib/failover']);
  t.equal(fact('reads'), undefined, 'nothing but what there is');
  t.strictSame(fact('at most'), ['15 min, 2048 MiB, 128 processes']);
  t.strictSame(fact('asked by'), [
    'alice (@alice:example.org)',
    'in danger, 2026-01-05 10:00:00 UTC',
  ]);
  t.strictSame(fact('because'), ['the site is down']);
  t.strictSame(fact('file'), ['/opt/ops/bin/db-failover', 'ab'.repeat(32)]);
  t.match(fact('digest')?.[0], /^[0-9a-f]{64}$/);
});

t.test(
  'the pieces of a long argument vector are together what the card shows, whole',
  async (t) => {
    const argv = ['/bin/x', 'a"b,]', 'at@room', 'x'.repeat(20_000), 'turn\u202eed', ''];
    const pieces = (await sheetOf({ argv }))('runs');
    t.equal(pieces?.length, argv.length);
    t.equal(pieces?.join(''), safeArgv(argv));
    t.strictSame(JSON.parse(pieces?.join('') ?? ''), argv);
  },
);

t.test('what cannot be seen is made visible', async (t) => {
  const sandbox = { read: ['/srv/\u202ecod'], write: [], network: [] };
  const fact = await sheetOf({ sandbox });
  t.strictSame(fact('reads'), ['/srv/\\u{202e}cod']);
  t.strictSame(fact('network'), ['none']);
});
