/** How much somebody may say, and how much is kept for somebody who does not listen. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import { openLines, sendLine } from '../../src/control/wire.ts';

const MIB = 1024 ** 2;

/** As much of a socket as is used here. */
class Ear extends EventEmitter {
  destroyed = false;
  writableLength = 0;
  readonly written: string[] = [];

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  write(text: string): void {
    this.written.push(text);
  }

  hear(text: string): void {
    this.emit('data', Buffer.from(text));
  }

  /** For what takes a socket. */
  get socket(): Socket {
    return this as unknown as Socket;
  }
}

t.test('lines come as they were said, however they were cut', async (t) => {
  const ear = new Ear();
  const lines = openLines(ear.socket);
  ear.hear('one\ntw');
  ear.hear('o\n');
  t.strictSame([await lines.next(), await lines.next()], ['one', 'two']);
  ear.hear('unfinished');
  ear.destroy();
  t.equal(await lines.next(), undefined);
});

t.test('who says a third thing that nobody waits for is cut off', async (t) => {
  const patient = new Ear();
  openLines(patient.socket);
  patient.hear('one\ntwo\n');
  t.equal(patient.destroyed, false);
  const pushy = new Ear();
  openLines(pushy.socket);
  pushy.hear('one\ntwo\nthree\n');
  t.equal(pushy.destroyed, true);
});

t.test('what was said and taken does not count', async (t) => {
  const ear = new Ear();
  const lines = openLines(ear.socket);
  for (let count = 0; count < 20; count++) {
    ear.hear('again\n');
    t.equal(await lines.next(), 'again');
  }
  t.equal(ear.destroyed, false);
});

t.test('who begins a line and does not end it is cut off', async (t) => {
  const long = new Ear();
  openLines(long.socket);
  long.hear('x'.repeat(16 * 1024));
  t.equal(long.destroyed, false);
  long.hear('x');
  t.equal(long.destroyed, true);
});

t.test('who does not read is cut off once that is too much to keep', async (t) => {
  const ear = new Ear();
  ear.writableLength = 16 * MIB;
  sendLine(ear.socket, { kind: 'note', text: 'still' });
  t.equal(ear.destroyed, false);
  ear.writableLength++;
  sendLine(ear.socket, { kind: 'note', text: 'too much' });
  t.equal(ear.destroyed, true);
  sendLine(ear.socket, { kind: 'note', text: 'to nobody' });
  t.strictSame(ear.written, [
    '{"kind":"note","text":"still"}\n',
    '{"kind":"note","text":"too much"}\n',
  ]);
});
