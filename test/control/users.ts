import { userInfo } from 'node:os';
import t from 'tap';
import {
  findSubordinate,
  isSubordinate,
  parsePasswdLine,
  userOf,
  userOn,
} from '../../src/control/users.ts';

t.test('a user has the name that the host gives it', async (t) => {
  const { uid, username } = userInfo();
  t.equal(await userOf(uid), username);
  t.equal(await userOf(4_123_456_789), undefined, 'nobody');
});

t.test('what does not plainly name this user names nobody', async (t) => {
  t.equal(parsePasswdLine('alice:x:1000:1000:A:/home/alice:/bin/sh\n', 1000), 'alice');
  const BAD: readonly string[] = [
    '',
    'alice',
    'alice:x:1001:1000::/:/bin/sh',
    'alice:x:01000:1000::/:/bin/sh',
    ':x:1000:1000::/:/bin/sh',
    'a b:x:1000:1000::/:/bin/sh',
    'alice:x:1000:1000::/:/bin/sh\nbob:x:1000:1000::/:/bin/sh',
  ];
  for (const text of BAD) t.equal(parsePasswdLine(text, 1000), undefined, text);
});

t.test('a user whose id is a subordinate one is nobody', async (t) => {
  const { uid, username } = userInfo();
  const folder = t.testdir({
    theirs: `# comment\ncontainers:${uid}:1\n`,
    others: `containers:${uid + 1}:65536\n`,
    broken: 'containers:x:1\nnonsense\n',
    unreadable: {},
  });
  t.equal(await userOn(uid, `${folder}/theirs`), undefined);
  t.equal(await userOn(uid, `${folder}/others`), username);
  t.equal(await userOn(uid, `${folder}/broken`), username);
  t.equal(await userOn(uid, `${folder}/missing`), username);
  t.equal(await userOn(uid, `${folder}/unreadable`), undefined, 'nobody can tell');
  t.strictSame(await findSubordinate([username, 'no-such'], `${folder}/theirs`), [username]);
  t.strictSame(await findSubordinate([username], `${folder}/others`), []);
});

t.test('a range is its first id and as many as it counts', async (t) => {
  const ranges = 'alice:100000:65536\n1000:300000:2\n';
  const ids = [99_999, 100_000, 165_535, 165_536, 300_001, 300_002, 0];
  const seen = ids.map((uid) => isSubordinate(ranges, uid));
  t.strictSame(seen, [false, true, true, false, true, false, false]);
});
