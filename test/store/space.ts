import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Fatal, Fault } from '../../src/base/errors.ts';
import { openSpace } from '../../src/store/space.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { onSmallDisk } from '../support/small-disk.ts';

t.test(
  'a disk that fills up is told, and what was reserved carries what is under way',
  async (t) => {
    const folder = join(t.testdir(), 'disk');
    await mkdir(folder);
    const script = join(import.meta.dirname, 'fixtures', 'ledger-on-full-disk.ts');
    t.strictSame(await onSmallDisk(script, 48 * 1024 ** 2, folder), {
      'room at first': true,
      'size of the log': 0,
      'reserved at least 2 MiB': true,
      'room on the full disk': false,
      state: 'disk_full',
      'kept on the full disk': 500,
      'room again': true,
      owed: [['AAAA-AA', null]],
      'when all is used up': 'audit_append_failed',
      'nothing acknowledged is lost': true,
      said: [
        'error: the disk is full: commands are refused',
        'info: the disk has space again: commands are taken',
      ],
    });
  },
);

t.test('what cannot be reserved is no room, and each part is asked again', async (t) => {
  const log = new RecordingLog();
  const asked: string[] = [];
  let isFull = false;
  const reserves = [
    async () => {
      asked.push('one');
      if (isFull) throw new Fault('disk_full', 'not for one');
    },
    async () => void asked.push('two'),
  ];
  const space = openSpace({ folder: t.testdir(), reserves, log });
  t.equal(await space.hasRoom(), true);
  isFull = true;
  t.equal(await space.hasRoom(), false);
  t.equal(await space.hasRoom(), false);
  isFull = false;
  t.equal(await space.hasRoom(), true);
  t.strictSame(asked, ['one', 'two', 'one', 'one', 'one', 'two']);
  t.strictSame(
    log.lines.map(({ level, facts }) => [level, facts]),
    [
      ['error', { why: 'not for one' }],
      ['info', {}],
    ],
    'each change is told once',
  );
});

t.test('those who ask at once are told by one look', async (t) => {
  let looks = 0;
  const reserves = [async () => void looks++];
  const space = openSpace({ folder: t.testdir(), reserves, log: new RecordingLog() });
  t.strictSame(await Promise.all([space.hasRoom(), space.hasRoom()]), [true, true]);
  t.equal(looks, 1);
});

t.test('anything else that fails is no question of room', async (t) => {
  const failure = new Fatal('audit_append_failed', 'gone');
  const reserves = [() => Promise.reject(failure)];
  const space = openSpace({ folder: t.testdir(), reserves, log: new RecordingLog() });
  t.equal(await t.rejects(space.hasRoom()), failure);
});
