/**
 * A secret of each start that nobody but root and the daemon's own user can read: with it they answer
 * what a file does not prove (proof.ts). It lies in a folder of its own that nobody else may enter.
 * Everybody may enter the control folder: there, others could not read the secret, but where
 * fs.protected_hardlinks is 0 they could give it a second name, in a folder that an action sees.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { holdFolder, takeFolder, within } from './folder.ts';

/** In the control folder. */
const PLACE = 'host';
const PLACE_MODE = 0o700;
const NAME = 'secret';
const MODE = 0o600;
/** Where earlier versions had it, in the control folder itself. */
const EARLIER = 'host-secret';
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Makes a new one: 64 hex digits. Throws Fault `file_unsafe` when its folder is not the daemon's own. */
export async function makeSecret(controlFolder: string): Promise<string> {
  await rm(join(controlFolder, EARLIER), { force: true });
  const place = join(controlFolder, PLACE);
  await takeFolder(place, PLACE_MODE);
  const path = join(place, NAME);
  const secret = randomBytes(32).toString('hex');
  await rm(path, { force: true });
  await using file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
  await file.writeFile(secret);
  return secret;
}

/**
 * Undefined for everybody but root and the daemon's own user. No link is followed, should the daemon's
 * user put one there for root. What is there may be anybody's: it is no more than hashed.
 */
export async function readSecret(controlFolder: string): Promise<string | undefined> {
  try {
    await using place = await holdFolder(join(controlFolder, PLACE));
    await using file = await open(within(place, NAME), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65), 0, 65, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    return /^[0-9a-f]{64}$/.test(text) ? text : undefined;
  } catch {
    return undefined; // the daemon says so to whoever needed it
  }
}
