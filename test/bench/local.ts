/** What can be measured without a homeserver: deciding, recording, verifying, spawning. */

import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { spawn as spawnPty } from 'node-pty';
import { verifyLog } from '../../src/audit/verify.ts';
import type { PersonName, RoomName } from '../../src/base/ids.ts';
import { parsePolicy } from '../../src/config/policy-file.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { watchRun } from '../../src/desk/runs.ts';
import type { Plan } from '../../src/execution/plan.ts';
import { decide } from '../../src/policy/decide.ts';
import { NO_FACTS } from '../../src/policy/decision.ts';
import { startEntry } from '../../src/request/entries.ts';
import { openSandbox } from '../../src/sandbox/launch.ts';
import { makeSigningKey, readSigningKey, verifySignature } from '../../src/store/keys.ts';
import { openLedger } from '../../src/store/ledger.ts';
import { createLedger, ledgerFiles } from '../../src/store/ledger-files.ts';
import { readLines, readNotes } from '../../src/store/lines.ts';
import { systemClock } from '../../src/system/clock.ts';
import { openScreen } from '../../src/system/screens.ts';
import { request } from '../support/requests.ts';
import { type Figure, median, perSecond, timed } from './figures.ts';

export async function measureLocal(): Promise<Figure[]> {
  return [
    ...(await measureDeciding()),
    ...(await measureRecording()),
    ...(await measureSpawning()),
    ...(await measureStall()),
  ];
}

async function measureDeciding(): Promise<Figure[]> {
  const path = join(import.meta.dirname, '../../policies/example/policy.yaml');
  const parsed = parsePolicy(await readFile(path, 'utf8'), path);
  if (!parsed.ok) throw new Error('the example policy is not valid');
  const { policy } = parsed.value;
  const [action] = policy.actions.values();
  const [person] = policy.people.keys();
  const [room] = policy.rooms.keys();
  if (!action || !person || !room) throw new Error('the example policy is empty');
  const ask = {
    person: person as PersonName,
    pinned: true,
    room: room as RoomName,
    action: action.name,
    values: {},
  };
  const facts = { ...NO_FACTS, now: Date.now() };
  const thousand = () => {
    for (let i = 0; i < 1000; i++) decide(policy, ask, facts);
  };
  return [
    { name: 'decisions, with their trace', value: 1000 * (await perSecond(thousand)), unit: '/s' },
  ];
}

const ENTRY = startEntry(
  request({
    argv: ['/opt/ops/bin/deploy', '--service', 'web', '--version', '1.2.3', 'x'.repeat(200)],
  }),
);

async function measureRecording(): Promise<Figure[]> {
  await using own = await openOwnFolder('bench');
  const directory = own.path;
  const floor = await measureFlush(join(directory, 'flush'));
  const signer = readSigningKey(makeSigningKey('bench/vaktrom'));
  const folder = join(directory, 'audit');
  await createLedger(folder, signer);
  const boot = randomBytes(6).toString('hex');
  const ledger = await openLedger({ directory: folder, signer, boot, now: Date.now, onEntry() {} });
  const single = await perSecond(() => ledger.append(ENTRY));
  const group = () => Promise.all(Array.from({ length: 64 }, () => ledger.append(ENTRY)));
  const grouped = 64 * (await perSecond(group));
  const { size } = ledger.head();
  await ledger[Symbol.asyncDispose]();
  const files = ledgerFiles(folder);
  const verifyMs = await timed(async () => {
    const logged = { lines: readLines(files.log), notes: readNotes(files.checkpoints) };
    if ((await verifyLog(logged, signer, verifySignature)).verdict !== 'intact')
      throw new Error('not intact');
  });
  const flushes = { name: 'bare write + fdatasync', value: floor };
  return [
    { name: 'durable, signed entries, one at a time', value: single, unit: '/s', floor: flushes },
    { name: 'durable, signed entries, 64 at a time', value: grouped, unit: '/s', floor: flushes },
    { name: `verifying ${size} entries`, value: (size * 1000) / verifyMs, unit: '/s' },
  ];
}

async function measureFlush(path: string): Promise<number> {
  await using file = await open(path, 'w');
  const line = Buffer.from(`${JSON.stringify(ENTRY)}\n`);
  return await perSecond(async () => {
    await file.write(line);
    await file.datasync();
  });
}

const PLAN: Plan = {
  argv: ['/usr/bin/true'],
  env: { PATH: '/usr/bin:/bin' },
  sandbox: { read: [], write: [], network: [] },
  limits: { timeoutMs: 10_000, outputBytes: 1 << 20, memoryBytes: 1 << 30, processes: 64 },
};
const SPAWNS = 40;

async function measureSpawning(): Promise<Figure[]> {
  await using sandbox = openSandbox({ size: { columns: 80, rows: 24 }, hidden: [] });
  const bare: number[] = [];
  const confined: number[] = [];
  // In turns, so that a slow moment of the machine slows both.
  for (let i = 0; i < SPAWNS; i++) {
    bare.push(
      await timed(async () => {
        const run = spawnPty('/usr/bin/true', [], { env: {} });
        await new Promise<void>((resolve) => run.onExit(() => resolve()));
      }),
    );
    confined.push(await timed(() => sandbox.start(PLAN, () => {}).ended));
  }
  const floor = { name: 'bare spawn on a terminal', value: median(bare) };
  return [
    { name: 'sandboxed run of `true`, start to end', value: median(confined), unit: 'ms', floor },
  ];
}

/** Each reset and each inserted screen of lines costs a terminal far more than the bytes that ask for it. */
const HOSTILE = String.raw`while :; do printf '\033c\033[50L\033c\033[50L\033c\033[50L'; done`;
const PLAIN = "while :; do echo 'a line of plain text'; done";
const FLOOD_MS = 3000;

async function measureStall(): Promise<Figure[]> {
  const floor = { name: 'under plain lines', value: await longestStall(PLAIN) };
  const value = await longestStall(HOSTILE);
  return [{ name: "the loop's longest stall under hostile output", value, unit: 'ms', floor }];
}

/** While a run prints without end until its time is over, from its start to its end on record. */
async function longestStall(script: string): Promise<number> {
  await using sandbox = openSandbox({ size: { columns: 160, rows: 50 }, hidden: [] });
  const limits = { ...PLAN.limits, timeoutMs: FLOOD_MS, outputBytes: 1 << 24 };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const watched = watchRun({
    plan: { ...PLAN, argv: ['/bin/sh', '-c', script], limits },
    ...{ held: [], sandbox, screen: openScreen(), clock: systemClock, onProgress() {} },
  });
  await watched.ended;
  delay.disable();
  return delay.max / 1e6;
}
