/** Who gets a place at the control socket, who loses it, and how many one user has. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { openCrowd, openPlaces } from '../../src/control/places.ts';

/** As much of a socket as is used here. It closes when it is told to. */
class Caller extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
  }

  /** For what takes a socket. */
  get socket(): Socket {
    return this as unknown as Socket;
  }
}

const callers = (count: number) => Array.from({ length: count }, () => new Caller());
/** Which of them have been cut off, by their place in line. */
const cutOff = (all: readonly Caller[]): readonly number[] =>
  all.flatMap(({ destroyed }, at) => (destroyed ? [at] : []));

function fill(t: Test, isKept: (at: number) => boolean = () => false) {
  const places = openPlaces();
  const all = callers(64);
  const taken = all.map(({ socket }) => places.take(socket));
  t.strictSame(taken, Array(64).fill(true));
  for (const [at, { socket }] of all.entries()) if (isKept(at)) places.keep(socket);
  return { places, all };
}

t.test('who comes on top gets the place of the oldest that keeps none', async (t) => {
  const { places, all } = fill(t, (at) => at < 2);
  const [one, two] = [new Caller(), new Caller()];
  t.equal(places.take(one.socket), true);
  t.strictSame(cutOff(all), [2]);
  t.equal(places.take(two.socket), true, 'before the first one that is cut off has closed');
  t.strictSame(cutOff(all), [2, 3]);
  t.strictSame(cutOff([one, two]), []);
});

t.test('where all are kept, who comes on top is turned away', async (t) => {
  const { places, all } = fill(t, () => true);
  const late = new Caller();
  t.equal(places.take(late.socket), false);
  t.strictSame([cutOff(all), late.destroyed], [[], true]);
});

t.test('a place is free once its connection has closed', async (t) => {
  const { places, all } = fill(t, () => true);
  all[7]?.emit('close');
  t.equal(places.take(new Caller().socket), true);
  t.equal(places.take(new Caller().socket), true, 'of the one before, which keeps none');
  t.strictSame(cutOff(all), []);
});

t.test('who keeps a place no longer is the first to go', async (t) => {
  const { places, all } = fill(t, (at) => at < 63);
  places.yield(all[5]?.socket as Socket);
  places.take(new Caller().socket);
  t.strictSame(cutOff(all), [5]);
});

t.test('who is gone cannot keep a place', async (t) => {
  const { places, all } = fill(t);
  places.take(new Caller().socket);
  t.strictSame(cutOff(all), [0]);
  places.keep(all[0]?.socket as Socket);
  const more = callers(64);
  t.strictSame(
    more.map(({ socket }) => places.take(socket)),
    Array(64).fill(true),
  );
  t.strictSame(cutOff(more), []);
});

t.test('all are cut off at the end', async (t) => {
  const { places, all } = fill(t, (at) => at % 2 === 0);
  places.clear();
  t.equal(cutOff(all).length, 64);
});

t.test('one user has eight at most, and others theirs', async (t) => {
  const crowd = openCrowd();
  const entered = Array.from({ length: 9 }, () => crowd.enter(1000));
  t.strictSame(
    entered.map((leave) => typeof leave),
    [...Array(8).fill('function'), 'undefined'],
  );
  t.type(crowd.enter(1001), 'function');
  entered[3]?.();
  t.type(crowd.enter(1000), 'function');
  t.equal(crowd.enter(1000), undefined);
});
