/** What can be typed while the disk is full: what stops something, and nothing else. */
import t from 'tap';
import { Fault } from '../../src/base/errors.ts';
import { type Obey, openObedience } from '../../src/pipeline.ts';
import type { Name } from '../model/fixtures/scenarios.ts';
import { DeskHouse } from './fixtures/desk-house.ts';

const DISK_FULL =
  'The disk of my host is full, so I could not record this and did not run it. Free some space there, then send it again.';

async function open() {
  const house = await DeskHouse.open();
  const said: string[] = [];
  const voice = {
    say: (_to: unknown, blocks: readonly unknown[]) => void said.push(JSON.stringify(blocks)),
    settled: async () => {},
  };
  const obey: Obey = openObedience({ desk: house.desk, voice });
  const type = async (who: Name, text: string, isDirect = false): Promise<readonly string[]> => {
    const before = house.written.length;
    await obey({ ...house.by(who, isDirect), text });
    await house.settle();
    const entries = house.written.slice(before).filter((e) => e.type !== 'direct');
    return entries.map((e) => (e.type === 'refused' ? e.code : e.type));
  };
  return { house, said, type };
}

t.test('nothing is begun on a full disk: it is refused, on record and aloud', async (t) => {
  const { house, said, type } = await open();
  const waiting = await house.ask('deploy');
  const granted = await house.ask('deploy');
  house.hasRoom = false;
  for (const text of [
    'quick 1',
    'deploy 1',
    'help',
    `show ${waiting}`,
    `approve ${waiting}`,
    `start ${granted}`,
    'unfreeze all',
    'break-glass "the site is down" deploy 1',
    'allow 5 2h quick',
    'recover alice',
  ]) {
    said.length = 0;
    t.strictSame(await type('bob', text), ['disk_full'], text);
    t.strictSame(
      said,
      [JSON.stringify([{ kind: 'line', spans: [DISK_FULL] }])],
      `${text} is answered`,
    );
  }
  t.strictSame(house.ran, []);
  house.hasRoom = true;
  t.strictSame(await type('alice', 'quick 1'), ['request', 'start']);
});

t.test('what stops something is done on a full disk', async (t) => {
  const { house, type } = await open();
  const running = await house.ask('quick');
  const denied = await house.ask('deploy');
  const signed = await house.ask('wipe');
  await house.order('bob', 'approve', signed);
  house.hasRoom = false;
  t.strictSame(await type('alice', `cancel ${running}`), ['asked', 'cancel']);
  t.strictSame(await type('bob', `deny ${denied} not now`), ['asked', 'closed']);
  t.strictSame(await type('bob', `withdraw ${signed}`), ['asked', 'approval.withdrawn']);
  t.strictSame(await type('bob', 'freeze all "the disk"'), ['asked', 'frozen', 'closed']);
});

t.test('a disk that is found to be full when the request is owed leaves no request', async (t) => {
  const { house, said, type } = await open();
  const { desk } = house;
  house.state.owe = () => Promise.reject(new Fault('disk_full', 'no room'));
  t.strictSame(await type('alice', 'quick 1'), ['disk_full']);
  t.strictSame(said, [JSON.stringify([{ kind: 'line', spans: [DISK_FULL] }])]);
  t.strictSame(desk.requests.list(), []);
  t.strictSame(house.state.owed(), []);
});
