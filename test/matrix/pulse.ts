import t from 'tap';
import { openPulse } from '../../src/matrix/pulse.ts';
import { ManualClock } from '../support/manual-clock.ts';

function open() {
  const clock = new ManualClock();
  let ms = 0;
  const pulse = openPulse(clock, () => ms);
  const pass = async (by: number) => {
    ms += by;
    await clock.advance(by);
  };
  return { pulse, pass, clock };
}

t.test('asking is a sign of life, whatever comes of it', async (t) => {
  const { pulse, pass } = open();
  for (const sign of [pulse.asked, pulse.failed, pulse.asked]) {
    await pass(10 * 60_000);
    await t.resolves(pulse.check());
    sign();
  }
  await pass(10 * 60_000);
  await t.resolves(pulse.check());
  await pass(1000);
  await t.rejects(pulse.check(), { message: /^not asked for 601 s$/ });
});

t.test('an answer alone is none: it may never be dealt with', async (t) => {
  const { pulse, pass } = open();
  await pass(10 * 60_000 + 1);
  pulse.answered();
  await t.rejects(pulse.check(), { code: /^homeserver_unreachable$/ });
});

t.test(
  'the homeserver is silent since the first failure, until it tells what is new',
  async (t) => {
    const { pulse, pass, clock } = open();
    t.equal(pulse.silentSince(), undefined);
    const since = clock.now();
    pulse.failed();
    await pass(5000);
    pulse.failed();
    pulse.asked();
    t.equal(pulse.silentSince(), since);
    pulse.answered();
    t.equal(pulse.silentSince(), undefined);
  },
);
