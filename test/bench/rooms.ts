/** What a person waits for: from a command to its first output, beside an echo through the same homeserver. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../people/person.ts';
import { House, type Server } from '../story/house.ts';
import { type Figure, median, timed } from './figures.ts';

const ROUNDS = 30;

export async function measureRoom(
  name: string,
  open: () => Promise<Server & AsyncDisposable>,
): Promise<Figure[]> {
  await using server = await open();
  await using house = await House.open(server);
  const alice = await house.person('alice');
  const echo = await house.person('echo');
  const echoRoom = await alice.createRoom([echo.userId]);
  await echo.join(echoRoom);
  const room = await alice.createRoom([house.bot]);
  const say = await house.script('say', 'echo "said $1"');
  await house.init(`version: 1
people: { alice: { roles: [ops], accounts: [ { id: "${alice.userId}", identity: "${await alice.masterKey()}" } ] } }
rooms: { ops: { id: "${room}" } }
actions:
  say: { summary: Say it, run: ["${say}", "{what}"], params: { what: { pattern: "r[0-9]+", max_length: 5 } }, effect: read, allow: { roles: [ops], rooms: [ops] } }
`);
  const readyMs = await timed(() => house.run());
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });
  await sleep(2000);
  const idle = await residentMegabytes(house.pid);

  void echoBack(echo, echoRoom);
  const rounds: { echo: number; first: number }[] = [];
  for (let i = 0; i < ROUNDS; i++)
    rounds.push({
      echo: await timed(() => ask(alice, echoRoom, echo.userId, `e${i}`, `echo e${i}`)),
      first: await timed(() => ask(alice, room, house.bot, `!say r${i}`, `said r${i}`)),
    });
  // The first rounds pay for sessions and caches on both sides.
  const warm = rounds.slice(5);
  const floor = { name: 'echo round trip', value: median(warm.map((r) => r.echo)) };
  return [
    {
      name: `${name}: command to first output`,
      value: median(warm.map((r) => r.first)),
      unit: 'ms',
      floor,
      aim: '1.5',
    },
    { name: `${name}: start to ready`, value: readyMs, unit: 'ms', aim: '2000' },
    { name: `${name}: idle memory`, value: idle, unit: 'MB', aim: '150' },
  ];
}

async function echoBack(person: Person, room: string): Promise<never> {
  for (let i = 0; ; i++) {
    const heard = await person.waitFor(room, (h) => h.body === `e${i}`);
    await person.say(room, `echo ${heard.body}`);
  }
}

async function ask(
  person: Person,
  room: string,
  from: string,
  text: string,
  answer: string,
): Promise<void> {
  const heard = person.waitFor(room, (h) => h.sender === from && h.body.includes(answer));
  await person.say(room, text);
  await heard;
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) / 1024;
}
