import { Readable } from 'node:stream';
import t from 'tap';
import { parseStatus, readStatus } from '../../src/sandbox/status.ts';

const MADE =
  '{ "child-pid": 9732, "cgroup-namespace": 4026532188, "ipc-namespace": 4026532186, ' +
  '"mnt-namespace": 4026532181, "net-namespace": 4026532189, "pid-namespace": 4026532187, ' +
  '"uts-namespace": 4026532183 }';

t.test('a line of bubblewrap is understood', async (t) => {
  t.strictSame(parseStatus(MADE), { kind: 'made', pid: 9732, pidNamespace: 4026532187 });
  t.strictSame(parseStatus('{ "exit-code": 0 }'), { kind: 'ended', code: 0 });
  t.strictSame(parseStatus('{ "exit-code": 143 }'), { kind: 'ended', code: 143 });
});

t.test('a line that was cut off says nothing', async (t) => {
  for (let length = 0; length < MADE.length; length++) {
    const status = parseStatus(MADE.slice(0, length));
    if (status) t.strictSame(status, { kind: 'made', pid: 9732, pidNamespace: 4026532187 });
  }
  for (const line of [
    '',
    '{}',
    '{ "exit-code": ',
    '{ "exit-code": 14',
    '{ "exit-code": -1 }',
    'x',
  ]) {
    t.equal(parseStatus(line), undefined, line);
  }
});

t.test('lines are put together from pieces', async (t) => {
  const pieces = ['{ "child-pid": 7', '2, "pid-namespace": 5 }\n{ "ex', 'it-code": 3 }\n'];
  const seen = await Array.fromAsync(readStatus(Readable.from(pieces)));
  t.strictSame(seen, [
    { kind: 'made', pid: 72, pidNamespace: 5 },
    { kind: 'ended', code: 3 },
  ]);
});
