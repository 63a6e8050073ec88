/** The story that the demo tells, scene by scene. Nothing in it is faked: each line is what happened. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RoomId } from '../base/ids.ts';
import { auditVerify, defaultAuditPaths } from '../cli/audit.ts';
import type { Io } from '../cli/io.ts';
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

  print.scene('What would be needed to deploy?');
  await tell(alice, ops, '!deploy web 1.2.3');
  await tell(alice, danger, '!deploy web 1.2.3');
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
  { bot }: Stage,
  print: Print,
  who: Person,
  room: RoomId,
  text: string,
): Promise<object> {
  print.says(who.name, text);
  const { event, content } = await who.say(room, text);
  const card = await who.waitFor((h) => h.sender === bot && h.thread === event);
  const isFinal = ({ text: body }: Heard) => !body.startsWith('▶');
  const last = isFinal(card)
    ? card
    : await who.waitFor((h) => h.edits === card.event && isFinal(h));
  print.says('bot', last.text);
  return content;
}

/** Puts an event into the room as only the server can, and prints what the bot makes of it. */
async function inject(stage: Stage, print: Print, type: string, content: object): Promise<void> {
  const { homeserver, ops, alice, bot } = stage;
  const room = homeserver.state.rooms.at(ops);
  const forged = room?.append({ type, sender: alice.user, content: { ...content } });
  const answer = await alice.waitFor((h) => h.sender === bot && h.thread === forged?.event_id);
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
