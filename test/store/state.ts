import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { createState, openState } from '../../src/store/state.ts';

async function newState(t: Test): Promise<string> {
  const path = join(t.testdir(), 'state.json');
  await createState(path);
  return path;
}

t.test('a new state holds nothing, and is for its owner alone', async (t) => {
  const path = await newState(t);
  const state = await openState(path);
  t.equal(state.syncToken(), undefined);
  t.strictSame(state.owed(), []);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  await t.rejects(createState(path), { code: /^EEXIST$/ }, 'and is not made a second time');
});

t.test('what was saved is there after a restart', async (t) => {
  const path = await newState(t);
  const state = await openState(path);
  await state.saveSyncToken('s1');
  await state.owe('AAAA-AA', undefined);
  await state.owe('BBBB-BB', '$card');
  await state.owe('CCCC-CC', undefined);
  await state.settle('CCCC-CC');
  const again = await openState(path);
  t.equal(again.syncToken(), 's1');
  t.strictSame(again.owed(), [
    ['AAAA-AA', undefined],
    ['BBBB-BB', '$card'],
  ]);
});

t.test('a sealed secret is kept until it is taken away', async (t) => {
  const path = await newState(t);
  const state = await openState(path);
  await state.keepSealedSecret('alice', 'sealed');
  await state.keepSealedSecret('bob', 'also');
  await state.keepSealedSecret('bob', undefined);
  const again = await openState(path);
  t.equal(again.sealedSecret('alice'), 'sealed');
  t.equal(again.sealedSecret('bob'), undefined);
  t.equal(again.sealedSecret('constructor'), undefined, 'nobody is called like what objects have');
});

t.test('a change counts at once, and is durable when it resolves', async (t) => {
  const path = await newState(t);
  const state = await openState(path);
  const saved = state.owe('AAAA-AA', '$card');
  t.strictSame(state.owed(), [['AAAA-AA', '$card']]);
  await saved;
  t.hasStrict(JSON.parse(await readFile(path, 'utf8')), { owed: { 'AAAA-AA': '$card' } });
});

t.test('changes that come together are written together, and the last word wins', async (t) => {
  const path = await newState(t);
  const state = await openState(path);
  const changes = Array.from({ length: 500 }, (_, i) => state.saveSyncToken(`s${i}`));
  await Promise.all(changes);
  t.ok(new Set(changes).size <= 2, 'one write for all of them, and at most one that had begun');
  t.hasStrict(JSON.parse(await readFile(path, 'utf8')), { sync: 's499' });
  t.strictSame(await readdir(dirname(path)), ['state.json'], 'and nothing is left beside it');
});

t.test('a token that is known already is not written again', async (t) => {
  const path = await newState(t);
  const state = await openState(path);
  await state.saveSyncToken('s1');
  const before = (await stat(path)).ino;
  await state.saveSyncToken('s1');
  t.equal((await stat(path)).ino, before);
});

t.test(
  'a write that fails is told to all who share it, and a later one makes it good',
  async (t) => {
    const path = await newState(t);
    const state = await openState(path);
    await rm(dirname(path), { recursive: true });
    const shared = await Promise.allSettled([
      state.saveSyncToken('s1'),
      state.owe('AAAA-AA', undefined),
    ]);
    t.strictSame(
      shared.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await mkdir(dirname(path), { recursive: true });
    await state.owe('BBBB-BB', undefined);
    t.strictSame(JSON.parse(await readFile(path, 'utf8')), {
      version: 1,
      sync: 's1',
      owed: { 'AAAA-AA': null, 'BBBB-BB': null },
      secrets: {},
    });
  },
);

t.test('a damaged state is fatal, and is left as it was found', async (t) => {
  const good = '{"version":1,"sync":null,"owed":{},"secrets":{}}';
  const damaged = [
    '',
    '{',
    'null',
    '[]',
    '{}',
    good.slice(0, -1),
    good.replace('1', '2'),
    good.replace('null', '7'),
    good.replace('{}', '[]'),
    good.replace('{}', 'null'),
    good.replace('{}', '"x"'),
    good.replace('{}', '{"AAAA-AA":7}'),
    good.replace(',"secrets":{}', ''),
    good.replace('"secrets":{}', '"secrets":[]'),
    good.replace('"secrets":{}', '"secrets":{"alice":null}'),
  ];
  for (const text of damaged) {
    const path = await newState(t);
    await writeFile(path, text);
    await t.rejects(openState(path), { name: /^Fatal$/, code: /^state_unreadable$/ }, text);
    t.equal(await readFile(path, 'utf8'), text);
  }
});

t.test('of a file that is empty or all zeroes it is said what to put in its place', async (t) => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(49)]) {
    const path = await newState(t);
    await writeFile(path, bytes);
    const { message } = await openState(path).then(
      () => new Error('it was opened'),
      (error: Error) => error,
    );
    const [, advice = ''] =
      /^.* is damaged: write a backup into it, or the following, after which one-time codes have to be enrolled anew: (\{.*\})$/.exec(
        message,
      ) ?? [];
    await writeFile(path, advice);
    const state = await openState(path);
    t.strictSame(
      [state.syncToken(), state.owed(), state.sealedSecret('alice')],
      [undefined, [], undefined],
    );
  }
});

t.test('a state that is missing is fatal: it is never made by accident', async (t) => {
  const path = join(t.testdir(), 'state.json');
  await t.rejects(openState(path), { code: /^state_unreadable$/, message: /vaktrom init/ });
  t.strictSame(await readdir(dirname(path)), []);
});

t.test('keys of every sort are kept as keys', async (t) => {
  const path = await newState(t);
  const content =
    '{"version":1,"sync":null,"owed":{"__proto__":null,"constructor":"$card"},"secrets":{}}';
  await writeFile(path, content);
  const state = await openState(path);
  t.strictSame(state.owed(), [
    ['__proto__', undefined],
    ['constructor', '$card'],
  ]);
});
