/** A clock that was set back is told by the newest entry of the log. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatEntry } from '../../src/audit/entry.ts';
import { Fault } from '../../src/base/errors.ts';
import { checkLogClock } from '../../src/cli/log-clock.ts';

const NOW = Date.parse('2026-01-05T10:00:00Z');
const entry = (seq: number, at: number, reason = 'x') =>
  `${formatEntry({ v: 1, seq, ts: new Date(at).toISOString(), boot: 'b', type: 'shutdown', reason })}\n`;
const check = (text: string, t: Test): Promise<string> =>
  checkLogClock(join(t.testdir({ log: text }), 'log'), NOW);

t.test('a clock at or behind the newest entry by a little is well', async (t) => {
  for (const at of [NOW - 60_000, NOW, NOW + 30_000])
    t.equal(await check(entry(0, NOW + 90_000) + entry(1, at), t), new Date(at).toISOString());
});

t.test('a clock before it is told, with by how much', async (t) => {
  await t.rejects(
    check(entry(0, NOW - 90_000) + entry(1, NOW + 31_000), t),
    new Fault(
      'config_invalid',
      'the clock of this host stands 31 s before the newest entry of the log. Codes that were given since then do not count until it has caught up; set the clock right',
    ),
  );
});

t.test('the newest whole entry counts, however long the log and its entries are', async (t) => {
  const long = Array.from({ length: 40 }, (_, seq) => entry(seq, NOW - 1000, 'x'.repeat(60_000)));
  t.equal(await check(`${long.join('')}{"v":1`, t), new Date(NOW - 1000).toISOString());
});

t.test('without an entry there is nothing to compare', async (t) => {
  for (const text of ['', '{"v":1', 'nonsense\n']) t.equal(await check(text, t), 'no entry yet');
});
