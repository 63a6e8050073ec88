import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Weekday, Window } from '../../src/policy/model.ts';
import { describeWindow, isOpen } from '../../src/policy/window.ts';

const window = (from: string, until: string, timeZone = 'UTC', ...days: Weekday[]): Window => ({
  ...{ from, until, timeZone, days },
});

function check(
  t: Test,
  span: Window,
  { open, shut }: Readonly<Record<'open' | 'shut', readonly string[]>>,
): void {
  for (const at of open) t.ok(isOpen(span, Date.parse(at)), `${at} is inside`);
  for (const at of shut) t.notOk(isOpen(span, Date.parse(at)), `${at} is not`);
}

t.test('by day: the beginning is inside, the end is not', async (t) => {
  check(t, window('09:00', '17:30', 'UTC', 'mon', 'wed'), {
    open: ['2026-03-02T09:00Z', '2026-03-02T17:29:59.999Z', '2026-03-04T12:00Z'],
    shut: ['2026-03-02T08:59:59.999Z', '2026-03-02T17:30Z', '2026-03-03T12:00Z'],
  });
});

t.test('one that ends as it begins is never open', async (t) => {
  check(t, window('09:00', '09:00', 'UTC', 'mon'), {
    open: [],
    shut: ['2026-03-02T09:00Z', '2026-03-02T12:00Z', '2026-03-03T03:00Z'],
  });
});

t.test('a whole day ends at 24:00', async (t) => {
  check(t, window('00:00', '24:00', 'UTC', 'mon'), {
    open: ['2026-03-02T00:00Z', '2026-03-02T23:59:59.999Z'],
    shut: ['2026-03-01T23:59:59.999Z', '2026-03-03T00:00Z'],
  });
});

t.test('over midnight, the morning belongs to the day before', async (t) => {
  check(t, window('22:00', '02:00', 'Europe/Berlin', 'tue', 'thu'), {
    open: ['2026-03-03T22:00+01:00', '2026-03-04T00:00+01:00', '2026-03-04T01:59+01:00'],
    shut: ['2026-03-03T21:59+01:00', '2026-03-04T02:00+01:00', '2026-03-03T01:00+01:00'],
  });
  check(t, window('22:00', '02:00', 'UTC', 'sun'), {
    open: ['2026-03-01T23:00Z', '2026-03-02T01:00Z'],
    shut: ['2026-03-01T01:00Z', '2026-03-02T23:00Z'],
  });
});

t.test('the clock on the wall counts, where the wall is', async (t) => {
  check(t, window('08:00', '09:00', 'Asia/Tokyo', 'mon'), {
    open: ['2026-03-01T23:30Z'],
    shut: ['2026-03-02T08:30Z'],
  });
  check(t, window('08:00', '09:00', 'Asia/Kathmandu', 'mon'), {
    open: ['2026-03-02T02:15Z', '2026-03-02T03:14Z'],
    shut: ['2026-03-02T02:14Z', '2026-03-02T03:15Z'],
  });
});

t.test('an hour that the clock leaves out is never inside', async (t) => {
  // In Berlin, 29 March 2026 goes from 02:00 to 03:00 at 01:00 UTC.
  check(t, window('02:00', '03:00', 'Europe/Berlin', 'sun'), {
    open: ['2026-03-22T01:30Z'],
    shut: ['2026-03-29T00:59Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z'],
  });
});

t.test('an hour that the clock shows twice is inside twice', async (t) => {
  // In Berlin, 25 October 2026 goes from 03:00 back to 02:00 at 01:00 UTC.
  check(t, window('02:00', '03:00', 'Europe/Berlin', 'sun'), {
    open: ['2026-10-25T00:00Z', '2026-10-25T00:59Z', '2026-10-25T01:00Z', '2026-10-25T01:59Z'],
    shut: ['2026-10-24T23:59Z', '2026-10-25T02:00Z'],
  });
});

t.test('over midnight and a change of the clock', async (t) => {
  check(t, window('22:00', '04:00', 'Europe/Berlin', 'sat'), {
    open: ['2026-03-28T21:00Z', '2026-03-29T01:59Z', '2026-10-25T02:59Z'],
    shut: ['2026-03-28T20:59Z', '2026-03-29T02:00Z', '2026-10-25T03:00Z'],
  });
});

t.test('what cannot be told is thrown, not guessed', async (t) => {
  t.throws(() => isOpen(window('00:00', '24:00', 'Nowhere/Land', 'mon'), 0), RangeError);
  t.throws(() => isOpen(window('00:00', '24:00', 'UTC', 'mon'), Number.NaN), RangeError);
});

t.test('a window is described as it is written', async (t) => {
  t.equal(
    describeWindow(window('22:00', '02:00', 'Europe/Berlin', 'tue', 'thu')),
    'tue, thu 22:00 to 02:00 Europe/Berlin',
  );
});

const DAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const clock = fc
  .integer({ min: 0, max: 1439 })
  .map((m) => `${`${Math.floor(m / 60)}`.padStart(2, '0')}:${`${m % 60}`.padStart(2, '0')}`);

t.test('in UTC, agrees with counting minutes of the week', async () => {
  const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  const day = fc.subarray([...DAYS], { minLength: 1 });
  const now = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(clock, clock, day, now, (from, until, days, now) => {
      fc.pre(from !== until);
      const length = (minutes(until) - minutes(from) + 1440) % 1440;
      const ofWeek = now.getUTCDay() * 1440 + now.getUTCHours() * 60 + now.getUTCMinutes();
      const inside = days.some((name) => {
        const start = DAYS.indexOf(name) * 1440 + minutes(from);
        return (ofWeek - start + 10_080) % 10_080 < length;
      });
      return isOpen(window(from, until, 'UTC', ...days), now.getTime()) === inside;
    }),
    { numRuns: 2000 },
  );
});
