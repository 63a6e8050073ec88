import t from 'tap';
import { Fatal, Fault } from '../../../src/base/errors.ts';
import { openCalls } from '../../../src/matrix/crypto/calls.ts';

const plain = <T>(work: () => Promise<T>): Promise<T> => work();

function panic(): never {
  const error = new Error('unreachable');
  error.name = 'RuntimeError'; // WebAssembly.RuntimeError's, which nothing but a module can throw
  throw error;
}

t.test('after a panic, thrown at once or later, no call is made any more', async (t) => {
  for (const work of [() => panic(), async () => panic()]) {
    const kept: unknown[] = [];
    const calls = openCalls((unit) =>
      unit().catch((error: unknown) => {
        kept.push(error);
        throw error;
      }),
    );
    await t.rejects(calls.run(work), { code: /^crypto_stalled$/ });
    t.ok(kept[0] instanceof Fatal, 'the store is told, and keeps nothing of it');
    await t.rejects(
      calls.run(async () => t.fail('called')),
      { code: /^crypto_stalled$/ },
    );
    await calls.end(() => t.fail('there is nothing to put in order'));
  }
});

t.test('a call that does not settle is a panic as well', async (t) => {
  const calls = openCalls(plain, 20);
  await t.rejects(
    calls.run(() => new Promise(() => {})),
    { code: /^crypto_stalled$/ },
  );
  await t.rejects(
    calls.run(async () => 'more'),
    { code: /^crypto_stalled$/ },
  );
});

t.test('one at a time; what fails otherwise is its caller’s', async (t) => {
  const log: string[] = [];
  const calls = openCalls(plain);
  const first = calls.run(async () => {
    log.push('first');
    await new Promise((resolve) => setTimeout(resolve, 10));
    log.push('first is done');
    throw new Fault('homeserver_refused', 'no');
  });
  const second = calls.run(async () => log.push('second'));
  await t.rejects(first, { code: /^homeserver_refused$/ });
  await second;
  t.strictSame(log, ['first', 'first is done', 'second']);
  await calls.end(() => log.push('last'));
  t.equal(log.at(-1), 'last');
  await t.rejects(
    calls.run(async () => 'more'),
    { code: /^message_unsent$/ },
  );
});
