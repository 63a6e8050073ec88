import t from 'tap';
import { followRequest } from '../../src/control/follow.ts';
import type { Ending, State as Life, Outcome, Progress } from '../../src/request/life.ts';
import { request } from '../support/requests.ts';

const NOTHING = { factor: undefined, signOffs: [] };

function open() {
  const shown = { out: [] as string[], of: [] as ('run' | undefined)[], notes: [] as string[] };
  const peer = {
    ...{ uid: 0, user: 'al', gone: new AbortController().signal, ask: async () => undefined },
    note: (text: string) => void shown.notes.push(text),
    print(text: string, of?: 'run') {
      shown.out.push(...text.split('\n'));
      shown.of.push(of);
    },
  };
  return { ...shown, followed: followRequest(peer, () => undefined, peer.note) };
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);

/** The last forty of so many lines, as the screen has them. */
const progress = (lines: number): Progress => ({
  ...{ lines, bytes: lines * 8, tail: numbered(Math.max(1, lines - 39), lines) },
});

const running = (lines: number): Life => ({
  ...{ kind: 'running', gathered: NOTHING, sinceAt: 0, stopping: false },
  progress: progress(lines),
});

const ended = (lines: number, outcome: Outcome = { kind: 'exited', exit: 0 }): Life => {
  const ending: Ending = { outcome, ms: 5, progress: progress(lines), sha256: '', cut: undefined };
  return { kind: 'ended', ending, entry: 7 };
};

t.test('lines are shown as they are done, each once', async (t) => {
  const { followed, out, notes } = open();
  followed.moved(request(), running(0));
  followed.moved(request(), running(3));
  t.strictSame(out, numbered(1, 2), 'the last one can still change');
  followed.moved(request(), running(4));
  followed.moved(request(), running(4));
  followed.moved(request(), ended(5));
  t.strictSame(out, numbered(1, 5));
  t.equal(await followed.over, 0);
  t.equal(notes.length, 2, 'a card at its start and at its end');
  t.match(notes[1], /^✓ deploy web 1.2.3 .*\nexit 0 .* 5 lines · entry 7$/);
});

t.test('what comes too fast to be followed comes whole at the end', async (t) => {
  const { followed, out, notes } = open();
  followed.moved(request(), running(10));
  followed.moved(request(), running(200));
  t.strictSame(out, numbered(1, 9), 'nothing is left out in between');
  followed.moved(request(), ended(300));
  t.strictSame(out, numbered(1, 9), 'the whole is on its way');
  followed.attached(`${numbered(1, 300).join('\n')}\n`);
  t.strictSame(out, numbered(1, 300));
  t.equal(await followed.over, 0);
  t.notMatch(notes.join(), /attached/);
});

t.test('all that an action printed is said to be of a run', async (t) => {
  const { followed, out, of, notes } = open();
  const tail = ['✓ deploy web 1.2.3 · request K7QF-2M', 'One-time code for K7QF-2N: ', ''];
  followed.moved(request(), { ...running(3), progress: { lines: 3, bytes: 9, tail } } as Life);
  t.strictSame([out, of], [tail.slice(0, 2), ['run']]);
  t.match(notes, [/^▶ deploy web 1.2.3 · request/], 'and a card is not');
  followed.moved(request(), ended(60));
  followed.attached(`${numbered(1, 60).join('\n')}\n`);
  t.strictSame(of, ['run', 'run'], 'of the whole as well');
});

t.test('the whole may also come first', async (t) => {
  const { followed, out } = open();
  followed.attached(`${numbered(1, 90).join('\n')}\n`);
  followed.moved(request(), ended(90));
  t.strictSame(out, numbered(1, 90));
});

const CODES: readonly (readonly [code: number, life: Life])[] = [
  [42, ended(1, { kind: 'exited', exit: 42 })],
  [0, ended(0, { kind: 'given' })],
  [124, ended(1, { kind: 'timed_out' })],
  [125, ended(1, { kind: 'cancelled', by: 'bob' })],
  [125, ended(0, { kind: 'not_started', reason: 'x' })],
  [120, closed({ kind: 'refused', decision: { kind: 'deny', because: 'role', trace: [] } })],
  [121, closed({ kind: 'denied', by: 'bob', reason: '' })],
  [122, closed({ kind: 'expired' })],
  [123, closed({ kind: 'withdrawn' })],
  [123, closed({ kind: 'voided', changes: ['x'] })],
];

function closed(closing: (Life & { kind: 'closed' })['closing']): Life {
  return { kind: 'closed', closing, entry: 7 };
}

t.test('the exit code tells what became of it', async (t) => {
  for (const [code, life] of CODES) {
    const { followed } = open();
    followed.moved(request(), life);
    t.equal(await followed.over, code);
  }
});
