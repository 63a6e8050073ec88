import t from 'tap';
import { Fatal, Fault } from '../../src/base/errors.ts';
import { exitCodeOf, exitCodeOfDaemon, explainError, printable } from '../../src/cli/io.ts';

t.test('how it ends says what to do: mend it, type it right, or try again', async (t) => {
  t.equal(exitCodeOf(new Fault('policy_invalid', 'x')), 1);
  t.equal(exitCodeOf(new Fault('usage', 'x')), 2);
  t.equal(exitCodeOf(new Fault('homeserver_unreachable', 'x')), 3);
  t.equal(exitCodeOf(new Fault('audit_incomplete', 'x')), 3);
  t.equal(exitCodeOf(new Fault('sandbox_unavailable', 'x')), 3);
  t.equal(exitCodeOf(new Fatal('key_unreadable', 'x')), 1);
  t.equal(exitCodeOfDaemon(new Fatal('key_unreadable', 'x')), 5);
  t.equal(exitCodeOfDaemon(new Fatal('signed_out', 'x')), 4);
  t.equal(exitCodeOfDaemon(new Fatal('crypto_stalled', 'x')), 1);
  t.equal(exitCodeOfDaemon(new Fault('homeserver_unreachable', 'x')), 3);
  t.equal(exitCodeOf('anything else'), 1);
});

t.test("a mistake of the user's is told without a trace, each cause on a line", async (t) => {
  const cause = new Error('ENOENT', { cause: new Error('deeper') });
  t.equal(
    explainError(new Fault('config_invalid', 'cannot read it', cause)),
    'vaktrom: cannot read it\n  because: ENOENT\n  because: deeper',
  );
  t.equal(explainError(new Fatal('key_unreadable', 'damaged')), 'vaktrom: damaged');
  t.equal(
    explainError(new Fault('policy_invalid', 'a:1:1: x\na:2:1: y')),
    'vaktrom: a:1:1: x\na:2:1: y',
  );
});

t.test('a mistake of ours says so, and keeps its trace', async (t) => {
  const said = explainError(new TypeError('x is not a function'));
  t.match(said, /^vaktrom: this is a bug: TypeError: x is not a function\n {4}at /);
  t.equal(explainError('thrown text'), "vaktrom: this is a bug: 'thrown text'");
  t.match(explainError(Object.create(null)), /^vaktrom: this is a bug: \[Object: null prototype\]/);
});

t.test('causes that go in a circle come to an end', async (t) => {
  const cause = new Error('again');
  cause.cause = cause;
  t.equal(explainError(new Fault('usage', 'x', cause)).split('\n').length, 8);
});

t.test('what a server or a file says cannot command the terminal', async (t) => {
  const said = explainError(new Fault('homeserver_refused', 'it says: \x1b]0;owned\x07\u202e\r'));
  t.equal(said, 'vaktrom: it says: \\u{1b}]0;owned\\u{7}\\u{202e}⏎');
  t.equal(printable('one\ntwo\x1b[2J'), 'one\ntwo\\u{1b}[2J');
});
