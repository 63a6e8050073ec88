import { userInfo } from 'node:os';
import t from 'tap';
import { parsePasswdLine, userOf } from '../../src/control/users.ts';

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
