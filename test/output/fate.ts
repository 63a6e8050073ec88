import t from 'tap';
import type { Remembered } from '../../src/audit/history.ts';
import { renderFate, renderProgress } from '../../src/output/fate.ts';
import { Guardroom } from '../support/guardroom.ts';

const HEAD = { v: 1, seq: 12, ts: '', boot: 'b', request: 'K7QF-2M' } as const;

/** A request of alice's, with what the log says of its end. */
async function fateOf(last: Partial<Remembered>): Promise<string> {
  const room = new Guardroom({ id: 'localhost', origin: 'http://localhost:1' });
  const { request } = await room.ask('deploy', { service: 'web' });
  const past = room.desk.history.find(request.id);
  if (!past) throw new Error('not in the log');
  return renderFate({ ...past, ...last });
}

const ended = (outcome: 'exited' | 'unknown' | 'given', exit = 0) =>
  fateOf({ end: { ...HEAD, type: 'end', outcome, exit } });
const closed = (more: object) =>
  fateOf({ closed: { ...HEAD, type: 'closed', how: 'expired', ...more } });

t.test('what ran is said to have run, and how it ended', async (t) => {
  t.equal(
    await ended('exited'),
    'It ran and ended well (exit 0). It stands in the log as entry 12.',
  );
  t.equal(
    await ended('exited', 3),
    'It ran and ended with exit 3. It stands in the log as entry 12.',
  );
  t.equal(
    await ended('unknown'),
    'What became of it is not known: the daemon was interrupted. It stands in the log as entry 12.',
  );
  t.equal(
    await ended('given'),
    'It is allowed from now on, as it was asked for. It stands in the log as entry 12.',
  );
});

t.test('what did not run is said not to have', async (t) => {
  const nothing = 'Nothing was run. It stands in the log as entry 12.';
  t.equal(await closed({}), `It expired: what was missing did not come in time. ${nothing}`);
  t.equal(
    await closed({ how: 'denied', by: 'bob', because: 'no' }),
    `It was denied by bob: “no”. ${nothing}`,
  );
  t.equal(
    await closed({ how: 'denied', by: 'bob', because: '' }),
    `It was denied by bob. ${nothing}`,
  );
  t.equal(await closed({ how: 'withdrawn' }), `alice withdrew it. ${nothing}`);
  t.match(
    await closed({ how: 'voided', changes: ['x is gone'] }),
    /something changed: x is gone\./,
  );
});

t.test('what an approver wrote calls nobody and hides nothing', async (t) => {
  const said = await closed({ how: 'denied', by: 'bob', because: '@room \u202e' });
  const whole = 'Nothing was run. It stands in the log as entry 12.';
  t.equal(said, `It was denied by bob: “＠room \\u{202e}”. ${whole}`);
});

t.test('while a request still waits for a proof, there is nothing to tell', async (t) => {
  const gathered = { factor: undefined, signOffs: [] };
  t.equal(renderProgress({ kind: 'waiting', gathered, missing: [] }, 'alice'), undefined);
  t.match(renderProgress({ kind: 'granted', gathered, untilAt: 0 }, 'alice'), /alice may start it/);
  t.equal(renderProgress({ kind: 'intending', gathered }, 'alice'), 'It is running.');
});
