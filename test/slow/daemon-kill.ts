/**
 * kill -9 at random moments under load: whatever was acknowledged is on record, nothing runs twice,
 * every answer can be read, and every command gets one. KILLS sets how often (100).
 */
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { eventually } from '../people/eventually.ts';
import type { Person } from '../people/person.ts';
import { House, vaktrom } from '../story/house.ts';
import { openLoopback } from '../story/loopback-server.ts';

const KILLS = Number(process.env['KILLS'] ?? 100);
const LONGEST_LIFE_MS = 1500;
const PAUSE_MS = 40;
/**
 * Commands without an answer, at most: of what was said in its absence, the daemon fetches a thousand
 * events, and on a slow machine it does not live long enough to catch up with a load without end.
 */
const MAX_UNANSWERED = 100;

t.test(`${KILLS} kills under load`, async (t) => {
  await using server = await openLoopback();
  await using house = await House.open(server);
  const alice = await house.person('alice');
  const room = await alice.createRoom([house.bot]);
  const folder = join(house.folder, 'marks');
  await mkdir(folder);
  const mark = await house.script('mark', `echo "$1" >>${folder}/log; echo "marked $1"`);
  const made = await house.init(
    policyOf(room, alice.userId, await alice.masterKey(), mark, folder),
  );
  t.equal(made.code, 0, made.stderr);
  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });

  const load = startLoad(alice, room, house.bot);
  const bad: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    await house.stop('SIGKILL');
    const { code, stdout } = await vaktrom('audit', 'verify', '--dir', house.dir);
    // Cut off between the entries and their checkpoint is no tampering; the next start mends it.
    if (code !== 0 && code !== 3) bad.push(`after kill ${kill}: ${stdout}`);
    const child = house.start();
    // Half of the lives end at any moment of the start, the others in the midst of the work.
    const readyAt = kill % 2 === 0 ? Promise.resolve() : once(child.stdout ?? child, 'data');
    const life = readyAt.then(() => sleep(Math.random() * LONGEST_LIFE_MS));
    await Promise.race([life, once(child, 'close')]);
    if (child.exitCode !== null) bad.push(`start ${kill} ended by itself with ${child.exitCode}`);
  }
  const commands = await load.stop();
  await house.stop('SIGKILL');
  await house.run();
  const isAnswered = (event: string) =>
    alice.heard.some((h) => h.sender === house.bot && h.thread === event);
  await eventually(() => commands.every(isAnswered) || undefined).catch(() => {});
  await house.stop();

  t.strictSame(bad, [], 'the log is never found tampered with, and no start fails');
  t.ok(commands.length > KILLS, `${commands.length} commands were sent`);
  const verified = await vaktrom('audit', 'verify', '--dir', house.dir);
  t.equal(verified.code, 0, verified.stdout);
  const entries = await house.entries();
  const recordOf = (event: string): unknown =>
    entries.filter((e) => JSON.stringify(e).includes(event)).map((e) => [e.type, e.boot, e.seq]);
  t.strictSame(
    commands.filter((c) => !isAnswered(c)).map((c) => [c, recordOf(c)]),
    [],
    'every command is answered',
  );
  t.strictSame(
    alice.heard.filter((h) => h.failure !== undefined),
    [],
    'every answer can be read',
  );

  const marks = (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n');
  t.equal(new Set(marks).size, marks.length, `no command ran twice (${marks.length} ran)`);
  const starts = entries.flatMap((e) => (e.type === 'start' ? [e.argv[1]] : []));
  t.strictSame(
    marks.filter((m) => !starts.includes(m)),
    [],
    'what ran is on record',
  );
  const acknowledged = alice.heard.flatMap((h) => {
    const [, request, entry] = / · request (\w{4}-\w{2})\n.*entry (\d+)/.exec(h.body) ?? [];
    return request === undefined ? [] : [{ request, entry: Number(entry) }];
  });
  t.ok(acknowledged.length > 0, `${acknowledged.length} answers named their entry`);
  const lost = acknowledged.filter(({ request, entry }) => {
    const found = entries[entry];
    return !found || !('request' in found) || found.request !== request;
  });
  t.strictSame(lost, [], 'no acknowledged entry is lost');
  const cards = alice.heard.filter(
    (h) => h.sender === house.bot && h.edits === undefined && h.thread,
  );
  const twice = cards.filter((c) => cards.some((o) => o !== c && o.thread === c.thread));
  t.strictSame(
    twice.map((c) => c.body),
    [],
    'no answer is sent twice',
  );
});

function startLoad(person: Person, room: string, bot: string) {
  const sent: string[] = [];
  const answered = new Set<string>();
  let isOn = true;
  let looked = 0;
  const unanswered = (): number => {
    for (const { sender, thread } of person.heard.slice(looked))
      if (sender === bot && thread !== undefined) answered.add(thread);
    looked = person.heard.length;
    return sent.filter((event) => !answered.has(event)).length;
  };
  const run = async (): Promise<void> => {
    for (let n = 0; isOn; n++) {
      while (isOn && unanswered() >= MAX_UNANSWERED) await sleep(PAUSE_MS);
      sent.push(await person.say(room, `!mark m${n}`));
      await sleep(PAUSE_MS + Math.random() * PAUSE_MS * 4);
    }
  };
  const running = run();
  return {
    async stop() {
      isOn = false;
      await running;
      return sent;
    },
  };
}

const policyOf = (
  room: string,
  id: string,
  identity: string,
  mark: string,
  folder: string,
) => `version: 1
people: { alice: { roles: [ops], accounts: [ { id: "${id}", identity: "${identity}" } ] } }
rooms: { ops: { id: "${room}" } }
actions:
  mark:
    summary: Leave a mark
    run: ["${mark}", "{name}"]
    params: { name: { pattern: "m[0-9]+", max_length: 8 } }
    effect: change
    allow: { roles: [ops], rooms: [ops] }
    sandbox: { write: ["${folder}"] }
`;
