/** What of a session is on disk, where, and who can read it; the story is in test/story/sign-in.ts. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { toBase64 } from '../src/base/bytes.ts';
import { readSession, sessionFile, writeSession } from '../src/kept-session.ts';
import type { Session } from '../src/matrix/session.ts';
import { randomSecret } from '../src/store/keys.ts';
import { onSmallDisk } from './support/small-disk.ts';

const RENEWED: Session = {
  accessToken: 'a token',
  renewal: { refreshToken: 'a refresh token', renewAt: 7 },
};

t.test('on a full disk the session that is there stays, and another try succeeds', async (t) => {
  const script = join(import.meta.dirname, 'fixtures', 'session-on-full-disk.ts');
  t.strictSame(await onSmallDisk(script, 4 * 1024 ** 2, t.testdir()), [
    ['disk_full', 'first', ['session.json']],
    'third',
    ['session.json'],
  ]);
});

t.test('a session is kept in one place, and no token lies there in clear', async (t) => {
  const folder = t.testdir({ state: {}, secrets: {} });
  const places = { statePath: join(folder, 'state'), secretsPath: join(folder, 'secrets') };
  const key = randomSecret(32);
  const read = () => readSession(places);
  await writeFile(join(places.secretsPath, 'crypto-key'), toBase64(key), { mode: 0o600 });
  await writeSession(places, key, { accessToken: 'lasting' });
  t.strictSame(await read(), { accessToken: 'lasting' });

  await writeSession(places, key, RENEWED);
  t.strictSame(await read(), RENEWED);
  const text = await readFile(sessionFile(places.statePath), 'utf8');
  t.notOk(text.includes('token'), text);
  await t.rejects(readFile(join(places.secretsPath, 'access-token')), { code: /^ENOENT$/ });

  for (const damaged of ['', '{}', text.replace('"v":1', '"v":2')]) {
    await writeFile(sessionFile(places.statePath), damaged);
    await t.rejects(read(), { code: /^state_unreadable$/, message: /vaktrom device rotate$/ });
  }
  await writeSession(places, key, { accessToken: 'lasting' });
  t.strictSame(await read(), { accessToken: 'lasting' });
});
