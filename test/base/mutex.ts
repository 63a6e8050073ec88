import t from 'tap';
import { openMutex, openMutexes } from '../../src/base/mutex.ts';

/** Work that goes on until it is told to end. */
function work(name: string, log: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const run = (): Promise<string> => {
    log.push(`${name} begins`);
    return promise;
  };
  return { run, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

t.test('one at a time, in the order in which it was given', async (t) => {
  const log: string[] = [];
  const alone = openMutex();
  const [a, b] = [work('a', log), work('b', log)];
  const results = [alone(a.run), alone(b.run)];
  b.end();
  await tick();
  t.strictSame(log, ['a begins']);
  a.end();
  t.strictSame(await Promise.all(results), ['a', 'b']);
  t.strictSame(log, ['a begins', 'b begins']);
});

t.test('work that fails is told to its caller and keeps nobody waiting', async (t) => {
  const log: string[] = [];
  const alone = openMutex();
  const [a, b] = [work('a', log), work('b', log)];
  const [first, second] = [alone(a.run), alone(b.run)];
  a.fail();
  b.end();
  await t.rejects(first, { message: /^a$/ });
  t.equal(await second, 'b');
});

t.test('each key has its own', async (t) => {
  const log: string[] = [];
  const aloneFor = openMutexes<string>();
  const [a, b, c] = [work('a', log), work('b', log), work('c', log)];
  const all = [aloneFor('x')(a.run), aloneFor('x')(b.run), aloneFor('y')(c.run)];
  await tick();
  t.strictSame(log, ['a begins', 'c begins']);
  for (const one of [a, b, c]) one.end();
  await Promise.all(all);
});
