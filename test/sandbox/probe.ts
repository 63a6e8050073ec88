import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import t from 'tap';
import { layBait } from '../../src/sandbox/bait.ts';
import { judgeFacts, probeSandbox } from '../../src/sandbox/probe.ts';
import { planTrials } from '../../src/sandbox/trials.ts';

t.test('this host passes', async (t) => {
  const folder = t.testdir({ state: { key: '' } });
  const findings = await probeSandbox([`${folder}/state`]);
  t.ok(findings.length >= 30, `${findings.length} findings`);
  for (const { name, ok, detail } of findings) t.ok(ok, `${name}: ${detail}`);
  t.equal(new Set(findings.map(({ name }) => name)).size, findings.length);
});

t.test('without the sandbox the same probe gets hold of things', async (t) => {
  const folder = t.testdir({ state: { key: '' }, home: {}, descriptors: '0\n1\n2\n17\n' });
  await using laid = await layBait([`${folder}/state`]);
  const trials = planTrials(process.arch === 'arm64' ? 'arm64' : 'x64').map(({ name, program }) => {
    return { name, program: Buffer.from(program).toString('base64') };
  });
  const bait = JSON.stringify({ ...laid.bait, trials, processes: 8 });
  const probe = readFileSync(
    new URL('../../src/sandbox/probe-inside.mjs', import.meta.url),
    'utf8',
  );
  const args = ['--input-type=module', '--eval', probe, bait, `${folder}/descriptors`];
  const child = spawn(process.execPath, args, {
    cwd: `${folder}/home`,
    env: { ...process.env, HOME: `${folder}/home` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const facts = JSON.parse(await readText(child.stdout));
  const got = (fact: string, free: string) => t.not(facts[fact], free, `${fact}: ${facts[fact]}`);
  got('user', '65534:65534');
  got('hostname', 'sandbox');
  got('oomScore', '1000');
  got('descriptors', '0 1 2');
  got('processes', '1 2');
  got('environments', '');
  got('visible', '');
  got('home', '/home/sandbox');
  got('interfaces', 'lo');
  got('reached', '[]');
  got('children', 'refused');
  got('it cannot start a process by clone3', 'errno 38');
  got('it cannot trace a process', 'errno 1');
  got('it cannot use io_uring', 'errno 1');
});

t.test('a fact that is wrong or missing is a finding', async (t) => {
  const expectations = [
    ['one', 'a', '1'],
    ['two', 'b', '2'],
    ['three', 'c', '3'],
    ['four', 'e', '4', '5'],
    ['five', 'f'],
  ] as const;
  t.strictSame(judgeFacts({ a: '1', b: '3', d: '3', e: '5', f: '' }, expectations), [
    { name: 'one', ok: true, detail: '' },
    { name: 'two', ok: false, detail: 'it got "3"' },
    { name: 'three', ok: false, detail: 'not tried' },
    { name: 'four', ok: true, detail: '' },
    { name: 'five', ok: false, detail: 'it got ""' },
  ]);
});

t.test('a host on which nothing can be tried does not pass', async (t) => {
  const { arch } = process;
  t.teardown(() => Object.defineProperty(process, 'arch', { value: arch }));
  Object.defineProperty(process, 'arch', { value: 'riscv64' });
  const findings = await probeSandbox();
  t.equal(findings.length, 1);
  t.match(findings[0], { name: /^an action can be tried$/, ok: false, detail: /riscv64/ });
});
