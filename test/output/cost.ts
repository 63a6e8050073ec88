import fc from 'fast-check';
import t from 'tap';
import { costOf, shorten, takeEnd, takeStart } from '../../src/output/cost.ts';
import { escapeHtml } from '../../src/output/html.ts';
import { cpuCost } from '../support/cpu.ts';
import { anyText } from '../support/hostile-text.ts';

const wellFormed = anyText.map((text) => text.toWellFormed());

t.test('a text costs what it takes as JSON, as it is and as HTML', async (t) => {
  t.equal(costOf('abc'), 6);
  t.equal(costOf('"'), 2 + 6);
  t.equal(costOf("'"), 1 + 5);
  t.equal(costOf('世'), 6);
  t.equal(costOf('\n'), 4);
  fc.assert(
    fc.property(wellFormed, (text) => {
      const bytes = Buffer.byteLength(JSON.stringify([text, escapeHtml(text)]));
      return costOf(text) === bytes - '["",""]'.length;
    }),
  );
});

t.test('a start and an end are as long as they may be, and of whole characters', async (t) => {
  t.equal(takeStart('abcdef', 6), 'abc');
  t.equal(takeEnd('abcdef', 6), 'def');
  t.equal(takeStart('👍👍', 9), '👍');
  t.equal(takeEnd('👍👍', 15), '👍');
  t.equal(takeStart('abc', 1), '');
  t.equal(takeEnd('abc', 0), '');
  fc.assert(
    fc.property(wellFormed, fc.nat(200), (text, cost) => {
      const [start, end] = [takeStart(text, cost), takeEnd(text, cost)];
      const next = Array.from(text.slice(start.length))[0];
      return (
        text.startsWith(start) &&
        text.endsWith(end) &&
        start.isWellFormed() &&
        end.isWellFormed() &&
        costOf(start) <= cost &&
        costOf(end) <= cost &&
        (next === undefined || costOf(start + next) > cost)
      );
    }),
    { numRuns: 2000 },
  );
});

t.test('a long text is told by its start and its end', async (t) => {
  const text = `start${'x'.repeat(5000)}end`;
  const short = shorten(text, 400);
  t.match(short, /^startx+ \[…\d+ characters left out…\] x+end$/);
  t.ok(costOf(short) < 460);
  t.equal(shorten('short', 400), 'short');
  const [, left = ''] = /\[…(\d+)/.exec(short) ?? [];
  t.equal(short.replace(/ \[.*\] /, '').length + Number(left), text.length);
});

t.test('a text without measure costs no more to cut than its length', async (t) => {
  for (const unit of ['x', '"', '世', '👍', '\ud83d']) {
    const text = unit.repeat(2 ** 20);
    const cost = await cpuCost(() => [shorten(text, 2000), takeEnd(text, 2000)]);
    t.ok(cost < 500, `${JSON.stringify(unit)}: ${cost} units`);
  }
});
