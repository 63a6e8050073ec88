/** The daemon's host can stop at any instant. Here its process does, again and again, while it writes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Entry } from '../../src/audit/entry.ts';
import { type LedgerFolder, newLedgerFolder } from '../support/ledger-folder.ts';

const KILLS = 22;
const WRITER = join(import.meta.dirname, 'fixtures', 'append-forever.ts');

t.test(
  'no kill loses what was acknowledged, or leaves behind what cannot be explained',
  async (t) => {
    const folder = await newLedgerFolder(t);
    const acknowledged = new Map<number, string>();
    let tails = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // Most while it writes, some while it still opens what the last kill left behind.
      const when =
        kill % 4 === 3 ? { afterStartMs: 60 + 8 * kill } : { afterWordMs: (kill * 37) % 150 };
      for (const [seq, reason] of await writeAndKill(folder, when)) acknowledged.set(seq, reason);
      const entries = await readAgain(folder);
      const lost = [...acknowledged].filter(([seq, reason]) => reasonOf(entries[seq]) !== reason);
      t.strictSame(lost, [], `kill ${kill}: all of ${acknowledged.size} are there`);
      const named = entries.filter((e) => e.type === 'log.recovered').map((e) => e.kept);
      const kept = (await readdir(folder.directory)).filter((name) => /^cut-.*jsonl$/.test(name));
      t.strictSame(kept.sort(), [...new Set(named)].sort(), 'what was cut off is kept and named');
      tails = kept.length;
    }
    t.hasStrict(await folder.verify(), { verdict: 'intact', findings: [] });
    t.ok(acknowledged.size > KILLS, `${acknowledged.size} entries acknowledged`);
    t.comment(`${acknowledged.size} entries, ${KILLS} kills, ${tails} tails cut off`);
  },
);

const reasonOf = (entry: Entry | undefined): string | undefined =>
  entry?.type === 'shutdown' ? entry.reason : undefined;

/** Kills the writer so long after its start or its first word; what it had been told by then. */
async function writeAndKill(
  { directory }: LedgerFolder,
  when: { readonly afterStartMs?: number; readonly afterWordMs?: number },
): Promise<[number, string][]> {
  const writer: ChildProcess = spawn(process.execPath, [WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(writer, 'close');
  let said = '';
  writer.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  if (when.afterStartMs === undefined)
    await Promise.race([once(writer.stdout ?? writer, 'data'), closed]);
  await sleep(when.afterStartMs ?? when.afterWordMs);
  writer.kill('SIGKILL');
  await closed;
  const whole = said
    .slice(0, said.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
  return whole.map((line) => [Number.parseInt(line, 10), line.slice(line.indexOf(' ') + 1)]);
}

async function readAgain(folder: LedgerFolder): Promise<readonly Entry[]> {
  folder.told.length = 0;
  await using _ledger = await folder.open();
  return folder.told.slice();
}
