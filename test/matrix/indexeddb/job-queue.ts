import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { type Job, JobQueue } from '../../../src/matrix/indexeddb/job-queue.ts';
import { eventually } from '../../people/eventually.ts';

function* steps(name: string, count: number, log: string[]): Job {
  for (let i = 1; i <= count; i++) {
    log.push(`${name}${i}`);
    yield;
  }
}

const unexpected = (error: unknown): void => {
  throw error;
};

t.test('jobs run one after another, in the order in which they were added', async (t) => {
  const queue = new JobQueue(unexpected);
  const log: string[] = [];
  queue.add(steps('a', 3, log));
  queue.add(steps('b', 2, log));
  t.same(log, [], 'nothing runs inside the call');
  await queue.close();
  t.same(log, ['a1', 'a2', 'a3', 'b1', 'b2']);
});

t.test('between two steps every microtask has run, and what microtasks caused', async (t) => {
  const queue = new JobQueue(unexpected);
  const log: string[] = [];
  queue.add(
    (function* (): Job {
      void Promise.resolve()
        .then(() => {})
        .then(() => queueMicrotask(() => log.push('microtask')));
      yield;
      log.push('step');
    })(),
  );
  await queue.close();
  t.same(log, ['microtask', 'step']);
});

t.test('an error of a job is reported once and nothing runs after it', async (t) => {
  const errors: unknown[] = [];
  const log: string[] = [];
  const queue = new JobQueue((error) => errors.push(error));
  const failure = new Error('disk full');
  queue.add(
    (function* (): Job {
      yield;
      throw failure;
    })(),
  );
  queue.add(steps('later', 1, log));
  await eventually(() => errors.length > 0 || undefined);
  queue.add(steps('added after', 1, log));
  await setTimeout(20);
  t.same(errors, [failure]);
  t.same(log, []);
  await queue.close();
  t.same(errors, [failure], 'and can be closed');
});

t.test('a closed queue finishes what it has and takes no more', async (t) => {
  const queue = new JobQueue(unexpected);
  const log: string[] = [];
  queue.add(steps('a', 2, log));
  const closed = queue.close();
  t.throws(() => queue.add(steps('b', 1, log)), { name: /^InvalidStateError$/ });
  await closed;
  await queue.close();
  t.same(log, ['a1', 'a2']);
});
