/** One commit at a time: what comes in while one is under way shares the next, or fails with it. */
import { basename } from 'node:path';
import t, { type Test } from 'tap';
import { faultyFiles } from '../support/faulty-file.ts';
import { newLedgerFolder, reasonsOf, say } from '../support/ledger-folder.ts';
import { settle } from '../support/manual-clock.ts';

/** A disk that takes each append when the test lets it, and what happened on it, in order. */
async function open(t: Test) {
  const folder = await newLedgerFolder(t);
  const happened: string[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  const openFile = async (path: string, size: number) => {
    const file = await faultyFiles()(path, size);
    const name = basename(path);
    const append: typeof file.append = async (data) => {
      const lines = name === 'log.jsonl' ? ` ${String(data).trimEnd().split('\n').length}` : '';
      happened.push(`${name}${lines}`);
      const gate = Promise.withResolvers<void>();
      waiting.push(gate);
      await gate.promise;
      await file.append(data);
      happened.push(`${name} done`);
    };
    const close = async () => void happened.push(`${name} closed`);
    return { ...file, append, [Symbol.asyncDispose]: close };
  };
  const ledger = await folder.open({ openFile });
  /** Lets the append that waits go on, or fail. */
  const go = (error?: Error): void => {
    const gate = waiting.shift();
    if (error) gate?.reject(error);
    else gate?.resolve();
  };
  /** Until that has happened last: files are written by threads. */
  const wait = async (until: string) => {
    while (happened.at(-1) !== until) await settle();
  };
  return { folder, ledger, happened, go, wait };
}

t.test('what comes in during a commit shares the next one, and starts none itself', async (t) => {
  const { folder, ledger, happened, go, wait } = await open(t);
  const first = ledger.append(say('a'));
  await wait('log.jsonl 1');
  const more = [ledger.append(say('b')), ledger.append(say('c'), say('d'))];
  await settle();
  t.strictSame(happened, ['log.jsonl 1'], 'it waits for the one that is under way');
  go();
  await wait('checkpoints');
  go();
  t.equal(await first, 0);
  await wait('log.jsonl 3');
  go();
  await wait('checkpoints');
  go();
  t.strictSame(await Promise.all(more), [1, 2]);
  t.strictSame(happened, [
    ...['log.jsonl 1', 'log.jsonl done', 'checkpoints', 'checkpoints done'],
    ...['log.jsonl 3', 'log.jsonl done', 'checkpoints', 'checkpoints done'],
  ]);
  t.strictSame(reasonsOf(folder.told), ['a', 'b', 'c', 'd']);
  const { verdict, entries } = await folder.verify();
  t.strictSame([verdict, entries], ['intact', 4]);
});

t.test(
  'what waits behind a commit that fails fails with it, and so does all that comes',
  async (t) => {
    const { folder, ledger, go, wait } = await open(t);
    const failed = (appended: Promise<number>) =>
      appended.then(
        () => 'acknowledged',
        (error: { readonly code?: string }) => error.code,
      );
    const first = failed(ledger.append(say('a')));
    await wait('log.jsonl 1');
    const behind = failed(ledger.append(say('b')));
    go(new Error('EIO'));
    const later = failed(ledger.append(say('c')));
    const code = 'audit_append_failed';
    t.strictSame(await Promise.all([first, behind, later]), [code, code, code]);
    t.strictSame([ledger.head().size, reasonsOf(folder.told)], [0, []]);
  },
);

t.test('a ledger that is closed has written what it was given', async (t) => {
  const { ledger, happened, go, wait } = await open(t);
  const appended = ledger.append(say('a'));
  await wait('log.jsonl 1');
  const closed = ledger[Symbol.asyncDispose]();
  go();
  await wait('checkpoints');
  go();
  await closed;
  t.equal(await appended, 0);
  t.strictSame(happened, [
    ...['log.jsonl 1', 'log.jsonl done', 'checkpoints', 'checkpoints done'],
    ...['checkpoints closed', 'log.jsonl closed'],
  ]);
});
