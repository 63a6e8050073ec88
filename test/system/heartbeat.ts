import t from 'tap';
import { type Part, startHeartbeat } from '../../src/system/heartbeat.ts';
import type { Message } from '../../src/system/supervisor.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const PATIENCE_MS = 180_000;
const BEAT_MS = 60_000;

function open(parts: readonly Part[], patienceMs: number | undefined = PATIENCE_MS) {
  const told: Message[] = [];
  const clock = new ManualClock();
  const log = new RecordingLog();
  const supervisor = { patienceMs, tell: async (message: Message) => void told.push(message) };
  const status = async () => `${told.length} before`;
  const heartbeat = startHeartbeat({ supervisor, parts, status, clock, log });
  return { heartbeat, told, clock, log };
}

const well: Part = { name: 'well', answer: async () => {} };

t.test('while every part answers there are three signs in the time', async (t) => {
  const { told, clock, log } = open([well, well]);
  t.strictSame(told, [], 'none before the first beat');
  for (let beat = 0; beat < 3; beat++) await clock.advance(BEAT_MS);
  t.strictSame(told, [
    { alive: true, status: '0 before' },
    { alive: true, status: '1 before' },
    { alive: true, status: '2 before' },
  ]);
  t.strictSame(log.lines, []);
});

t.test('a part that does not answer stops the signs, and is named', async (t) => {
  let answer = () => {};
  const stuck: Part = {
    name: 'audit log',
    answer: () => new Promise<void>((resolve) => (answer = resolve)),
  };
  const { told, clock, log } = open([well, stuck]);
  await clock.advance(BEAT_MS);
  await clock.advance(BEAT_MS - 1);
  t.strictSame(log.lines, []);
  await clock.advance(1);
  t.hasStrict(log.lines, [{ level: 'error', facts: { part: 'audit log' } }]);
  await clock.advance(10 * PATIENCE_MS);
  t.strictSame(told, []);
  answer();
  await clock.advance(0);
  t.equal(told.length, 1, 'late is better than never');
  t.equal(log.lines.length, 1);
});

t.test('a part that is broken ends the signs for good', async (t) => {
  const broken: Part = { name: 'sync', answer: () => Promise.reject(new Error('not asked')) };
  const { told, clock, log } = open([broken, well]);
  await clock.advance(10 * PATIENCE_MS);
  t.strictSame(told, []);
  t.has(log.lines, [{ level: 'error', facts: { error: { message: 'not asked' } } }]);
  t.equal(clock.pending, 0);
});

t.test('nothing is sent once it was stopped, nor where nobody expects it', async (t) => {
  const stopped = open([well]);
  await stopped.clock.advance(BEAT_MS);
  stopped.heartbeat[Symbol.dispose]();
  await stopped.clock.advance(PATIENCE_MS);
  t.equal(stopped.told.length, 1);
  t.equal(stopped.clock.pending, 0);

  let answer = () => {};
  const slow = open([
    { name: 'slow', answer: () => new Promise<void>((resolve) => (answer = resolve)) },
  ]);
  await slow.clock.advance(BEAT_MS);
  slow.heartbeat[Symbol.dispose]();
  answer();
  await slow.clock.advance(PATIENCE_MS);
  t.equal(slow.clock.pending, 0, 'also when it is stopped in the midst of a beat');

  let fail = (_error: Error) => {};
  const closing = open([
    { name: 'closing', answer: () => new Promise<void>((_resolve, reject) => (fail = reject)) },
  ]);
  await closing.clock.advance(BEAT_MS);
  closing.heartbeat[Symbol.dispose]();
  fail(new Error('closed'));
  await closing.clock.advance(0);
  t.strictSame(closing.log.lines, [], 'what is closed on the way out is no complaint');

  const unasked = startHeartbeat({
    supervisor: { patienceMs: undefined, tell: async () => void t.fail('nobody asked') },
    ...{ parts: [well], status: async () => '', clock: new ManualClock(), log: new RecordingLog() },
  });
  unasked[Symbol.dispose]();
});
