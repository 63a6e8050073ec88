/** What was agreed to is what runs, whatever comes to lie at its path between the look and the start. */
import { openSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { planBwrap } from '../../src/execution/bwrap.ts';
import { findEquipment } from '../../src/sandbox/host.ts';
import { SandboxRun } from '../../src/sandbox/run.ts';
import { holdFiles } from '../../src/store/held-files.ts';
import { exited, launchOf, openStage, planOf } from './fixtures/stage.ts';

const [OLD, NEW] = ['#!/bin/sh\necho old "$0"\n', '#!/bin/sh\necho new "$0"\n'];

/** A program in a folder that the action reads, held open, and another one to take its place. */
async function hold(t: Test) {
  const folder = t.testdir();
  const path = join(folder, 'act');
  const other = join(folder, 'other');
  writeFileSync(path, OLD, { mode: 0o755 });
  writeFileSync(other, NEW, { mode: 0o755 });
  const held = await holdFiles([path]);
  t.teardown(() => held[Symbol.asyncDispose]());
  return { folder, path, other, held, plan: planOf([path], { sandbox: { read: [folder] } }) };
}

t.test('a held file runs under its own path', async (t) => {
  const { sandbox } = openStage(t);
  const { path, held, plan } = await hold(t);
  const chunks: Uint8Array[] = [];
  const run = sandbox.start(plan, (bytes) => chunks.push(bytes), held.open);
  t.strictSame(await run.ended, exited(0));
  t.equal(Buffer.concat(chunks).toString(), `old ${path}\r\n`);
});

t.test('programs of the system are held too, through their links', async (t) => {
  const { sandbox } = openStage(t);
  for (const program of ['/bin/sh', '/usr/bin/awk'] as const) {
    await using held = await holdFiles([program]);
    t.not(held.open[0]?.path, program);
    const script = program === '/bin/sh' ? ['-c', 'exit 7'] : ['BEGIN { exit 7 }'];
    const run = sandbox.start(planOf([program, ...script]), () => {}, held.open);
    t.strictSame(await run.ended, exited(7), program);
  }
});

t.test('a file that was replaced or moved is not started', async (t) => {
  const { sandbox } = openStage(t);
  for (const replace of ['over it', 'after it was moved'] as const) {
    const { folder, path, other, held, plan } = await hold(t);
    if (replace !== 'over it') renameSync(path, join(folder, 'aside'));
    renameSync(other, path);
    const run = sandbox.start(plan, () => t.fail('it ran'), held.open);
    t.hasStrict(
      await run.ended,
      { kind: 'not_started', reason: `${path} was replaced while it was held open` },
      replace,
    );
  }
});

t.test('replaced at the last moment, what is held runs or nothing does', async (t) => {
  for (const replace of ['over it', 'after it was moved'] as const) {
    const { folder, path, other, held, plan } = await hold(t);
    const command = planBwrap(plan, findEquipment(), held.open);
    if (!command.ok) throw new Error(command.error);
    const open = new Map(held.open.map((file) => [file.path, file.descriptor]));
    const paths = command.value.paths.map((it) => open.get(it) ?? openSync(it, 'r'));
    // Every look at it is over, and bubblewrap is not started yet.
    if (replace !== 'over it') renameSync(path, join(folder, 'aside'));
    renameSync(other, path);
    const chunks: Uint8Array[] = [];
    const onOutput = (bytes: Uint8Array) => void chunks.push(bytes);
    const run = new SandboxRun(launchOf(command.value, { paths, limits: plan.limits, onOutput }));
    const end = await run.ended;
    const text = Buffer.concat(chunks).toString();
    if (replace === 'over it') t.hasStrict(end, { kind: 'not_started' });
    else t.equal(text, `old ${path}\r\n`);
    t.notOk(/^new /m.test(text), text);
  }
});

t.test('a held file that the action may not see stays unseen', async (t) => {
  const { sandbox } = openStage(t);
  const { path } = await hold(t);
  await using held = await holdFiles(['/usr/bin/cat', path]);
  const run = sandbox.start(planOf(['/usr/bin/cat', path]), () => {}, held.open);
  t.strictSame(await run.ended, exited(1));
});

t.test('nor is one shown that lies where nothing may be shown from', async (t) => {
  const { folder, held, plan } = await hold(t);
  const { sandbox } = openStage(t, { hidden: [folder] });
  const run = sandbox.start(plan, () => t.fail('it ran'), held.open);
  t.match(await run.ended, { kind: /^not_started$/, reason: /no action may see/ });
});

t.test('a link in the way to the program is no way past what is held', async (t) => {
  const { sandbox } = openStage(t);
  const folder = t.testdir({ v1: {}, v2: {} });
  for (const [version, content] of [
    ['v1', OLD],
    ['v2', NEW],
  ] as const)
    writeFileSync(join(folder, version, 'act'), content, { mode: 0o755 });
  symlinkSync('v1', join(folder, 'current'));
  const path = join(folder, 'current', 'act');
  await using held = await holdFiles([path]);
  const plan = planOf([path], { sandbox: { read: [folder] } });
  const run = sandbox.start(plan, () => t.fail('it ran'), held.open);
  t.match(await run.ended, { kind: /^not_started$/, reason: /name the real path/ });
});

t.test('a program that cannot be read, and so was not agreed to, is not started', async (t) => {
  const { sandbox } = openStage(t);
  const { path, plan } = await hold(t);
  const run = sandbox.start(plan, () => t.fail('it ran'), []);
  t.hasStrict(await run.ended, {
    kind: 'not_started',
    reason: `${path} cannot be read, so nobody can have agreed to what is in it: chmod +r`,
  });
  const none = sandbox.start(planOf(['/opt/none']), () => t.fail('it ran'), []);
  t.hasStrict(await none.ended, {
    kind: 'not_started',
    reason: 'there is no /opt/none on this host',
  });
});
