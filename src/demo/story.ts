/** The story that the demo tells, scene by scene. Nothing in it is faked: each line is what happened. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RoomId } from '../base/ids.ts';
import { auditVerify, defaultAuditPaths } from '../cli/audit.ts';
import type { Io } from '../cli/io.ts';
import { tellDaemon } from '../cli/local.ts';
import { totpCode } from '../stepup/totp.ts';
import type { Heard, Person } from './person.ts';
import type { Print } from './print.ts';
import type { Stage } from './stage.ts';

export async function tellStory(stage: Stage, print: Print): Promise<void> {
  const { alice, bob, mallory, ops, danger } = stage;
  const tell = (who: Person, room: RoomId, text: string) => converse(stage, print, who, room, text);

  print.scene('A command in an encrypted room');
  const said = await tell(alice, ops, '!status web');
  await tell(alice, ops, '!staus web');

  print.scene('Who am I, and what may I do here?');
  await tell(alice, ops, '!whoami');
  await tell(bob, danger, '!help');

  print.scene('A deployment: in the danger room, with a code and another person');
  await tell(alice, ops, '!deploy web 1.2.3');
  await deploy(stage, print);
  await tell(alice, danger, '!deploy web "1.2.3; reboot"');

  print.scene('The homeserver is owned by Mallory. What can she do?');
  await tell(mallory, ops, '!status web');
  await injectClearText(stage, print);
  await replay(stage, print, said);
  await takeOver(stage, print);

  print.scene('The log, checked with nothing but its files and the public key');
  await verifyLog(stage, print);
}

async function converse(
  stage: Stage,
  print: Print,
  who: Person,
  room: RoomId,
  text: string,
): Promise<object> {
  const { bot } = stage;
  print.says(who.name, text, nameOf(stage, room));
  const { event, content } = await who.say(room, text);
  const card = await who.waitFor((h) => h.sender === bot && h.thread === event);
  const isFinal = ({ text: body }: Heard) => !body.startsWith('▶');
  const last = isFinal(card)
    ? card
    : await who.waitFor((h) => h.edits === card.event && isFinal(h));
  print.says('bot', last.text);
  return content;
}

const nameOf = ({ ops, danger }: Stage, room: RoomId): string =>
  room === ops ? 'ops' : room === danger ? 'danger' : 'the direct room';

/** What it takes to run it, and what does not count towards that. */
async function deploy(stage: Stage, print: Print): Promise<void> {
  const { alice, bob, bot, danger, dir } = stage;
  print.says('alice', '!deploy web 1.2.3', 'danger');
  const { event } = await alice.say(danger, '!deploy web 1.2.3');
  const card = await alice.waitFor((h) => h.sender === bot && h.thread === event);
  print.says('bot', card.text);
  const id = / · request (\S+)/.exec(card.text)?.[1] ?? '';
  const becomes = (fits: (text: string) => boolean) =>
    alice.waitFor((h) => h.edits === card.event && fits(h.text));

  const direct = await alice.joinInvitedBy(bot);
  print.says('$', 'vaktrom enrol totp alice');
  const code = await enrol(dir, 'alice');
  print.note(
    'Alice scans the QR code with her phone. The next code, in her direct room with the bot:',
  );
  await converse(stage, print, alice, direct, `otp ${id} ${code()}`);

  print.does('reacts to the card with 👍 in the name of Bob, and says in clear, as Bob: !approve');
  const forged = stage.forge(danger, bob.user);
  forged('m.reaction', {
    'm.relates_to': { rel_type: 'm.annotation', event_id: card.event, key: '👍' },
  });
  const said = forged('m.room.message', { msgtype: 'm.text', body: `!approve ${id}` });
  const answer = await alice.waitFor((h) => h.sender === bot && h.thread === said);
  print.says('bot', answer.text);
  print.says('bot', (await becomes((text) => text.includes('totp'))).text);

  print.says('bob', `!approve ${id}`, 'danger');
  await bob.say(danger, `!approve ${id}`);
  print.says('bot', (await becomes((text) => text.includes('exit'))).text);
  await converse(stage, print, alice, danger, `!log ${id}`);
}

/** Sets up one-time codes on the host, as an administrator would; then makes codes. */
async function enrol(dir: string, person: string): Promise<() => string> {
  let secret = '';
  // The phone of a person in a hurry, which takes the codes around this moment one after the other.
  let step = Math.floor(Date.now() / 30_000) - 1;
  const code = (): string => totpCode(secret, step++);
  const io: Io = {
    out(line) {
      secret = /secret=([A-Z2-7]+)/.exec(line)?.[1] ?? secret;
    },
    err() {},
    ask: async () => code(),
  };
  const enrol = { verb: 'enrol', fields: { factor: 'totp', person } };
  await tellDaemon(enrol, { dir, json: false }, io);
  return code;
}

/** Puts an event into the room as only the server can, and prints what the bot makes of it. */
async function inject(stage: Stage, print: Print, type: string, content: object): Promise<void> {
  const { ops, alice, bot } = stage;
  const forged = stage.forge(ops, alice.user)(type, content);
  const answer = await alice.waitFor((h) => h.sender === bot && h.thread === forged);
  print.says('bot', answer.text);
}

async function injectClearText(stage: Stage, print: Print): Promise<void> {
  print.does('puts a message into the room, unencrypted, in the name of Alice: !status db');
  await inject(stage, print, 'm.room.message', { msgtype: 'm.text', body: '!status db' });
}

async function replay(stage: Stage, print: Print, content: object): Promise<void> {
  print.does('delivers the first command of Alice a second time, under a new event id');
  await inject(stage, print, 'm.room.encrypted', content);
}

async function takeOver(stage: Stage, print: Print): Promise<void> {
  print.does(
    'resets the password of Bob, signs in as Bob with a new identity, and types: !status db',
  );
  const forged = await stage.takeOverBob();
  const { event } = await forged.say(stage.ops, '!status db');
  const answer = await stage.alice.waitFor((h) => h.sender === stage.bot && h.thread === event);
  print.says('bot', answer.text);
}

async function verifyLog({ dir }: Stage, print: Print): Promise<void> {
  const paths = defaultAuditPaths(dir, join(dir, 'state'));
  const verify = async (log: string): Promise<void> => {
    const lines: string[] = [];
    const io: Io = { out: (line) => void lines.push(line), err() {}, ask: undefined };
    await auditVerify({ log, key: paths.key, json: false }, io);
    print.says('audit', lines.join('\n'));
  };
  print.says('$', 'vaktrom audit verify');
  await verify(paths.log);
  const copy = join(dir, '..', 'copy');
  await cp(paths.log, copy, { recursive: true });
  const file = join(copy, 'log.jsonl');
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('"service":"web"', '"service":"api"'),
  );
  print.does('edits one word in a copy of the log');
  await verify(copy);
}
