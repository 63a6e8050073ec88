import t from 'tap';
import { assertNever, describeError, Fatal, Fault, needsPerson } from '../../src/base/errors.ts';

t.test('an error is described with its causes, outermost first, on one line', async (t) => {
  const cause = new Error('no route', { cause: 'EHOSTUNREACH' });
  const fault = new Fault('homeserver_unreachable', 'cannot reach it', cause);
  t.equal(describeError(fault), 'cannot reach it: no route: EHOSTUNREACH');
  t.equal(describeError('a string'), 'a string');
  t.equal(describeError(Object.create(null)), 'something that is no error');
  const problems = new Fault('policy_invalid', 'p.yaml:1:1: one\n  p.yaml:2:1: two\n');
  t.equal(describeError(problems), 'p.yaml:1:1: one; p.yaml:2:1: two; ');
});

t.test('causes that go in a circle come to an end', async (t) => {
  const error = new Error('again');
  error.cause = error;
  t.equal(describeError(error).split(': ').length, 8);
});

t.test('faults and fatals carry a code, and a cause only if there is one', async (t) => {
  const fault = new Fault('usage', 'no');
  t.equal(fault.code, 'usage');
  t.equal(fault.name, 'Fault');
  t.notOk('cause' in fault);
  const fatal = new Fatal('key_unreadable', 'no', fault);
  t.equal(fatal.code, 'key_unreadable');
  t.equal(fatal.cause, fault);
  t.notOk(fatal instanceof Fault);
});

t.test('what only a person can mend is told from what may pass', async (t) => {
  const absent = Object.assign(new Error('ENOENT: no such file'), { errno: -2, code: 'ENOENT' });
  t.ok(needsPerson(new Fault('policy_invalid', 'p.yaml:1:1: no')));
  t.ok(needsPerson(new Fatal('state_unreadable', 'damaged', new SyntaxError('not JSON'))));
  t.notOk(needsPerson(new Fault('policy_invalid', 'cannot read p.yaml', absent)));
  t.notOk(needsPerson(new Fatal('state_unreadable', 'x', new Error('y', { cause: absent }))));
  const closed = Object.assign(new Error('EACCES'), { errno: -13, code: 'EACCES' });
  t.ok(needsPerson(new Fault('policy_invalid', 'cannot read p.yaml', closed)));
  t.notOk(needsPerson(new Fault('homeserver_unreachable', 'no answer')));
  t.notOk(needsPerson(new Fatal('directory_in_use', 'another daemon')));
  t.notOk(needsPerson(new Error('a bug of ours')));
  t.notOk(needsPerson(undefined));
});

t.test('a type that lied is not passed over', async (t) => {
  t.throws(() => assertNever('surprise' as never), { message: /^unreachable: "surprise"$/ });
});
