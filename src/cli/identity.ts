/** `vaktrom identity show @alice:hs`: the line to paste under `people:`. */
import { Fault } from '../base/errors.ts';
import { parseUserId, type UserId } from '../base/ids.ts';
import { type Directory, openDirectory } from '../config/directory.ts';
import { fieldsOf, text } from '../matrix/events.ts';
import { invocation } from './invocation.ts';
import type { ExitCode, Io } from './io.ts';
import { openOnline } from './online.ts';

export async function identityShow(
  root: string,
  account: string,
  json: boolean,
  io: Io,
): Promise<ExitCode> {
  const user = parseUserId(account);
  if (!user.ok) throw new Fault('usage', user.error);
  const identity = await fetchIdentity(await openDirectory(root), user.value);
  if (json) io.out(JSON.stringify({ id: user.value, identity }));
  else {
    io.out(formatIdentity(user.value, identity));
    io.err(
      `This is what the homeserver says. Compare emoji with the person before you pin it: ${invocation(`identity verify ${user.value}`, root)}`,
    );
  }
  return 0;
}

/** As it stands in a policy. */
export const formatIdentity = (account: UserId, identity: string): string =>
  `- { id: ${JSON.stringify(account)}, identity: "${identity}" }`;

/** The master key of an account, on the homeserver's word alone. */
export async function fetchIdentity(directory: Directory, user: UserId): Promise<string> {
  const http = await openOnline(directory, 30_000);
  const body = JSON.stringify({ device_keys: { [user]: [] } });
  const path = '/_matrix/client/v3/keys/query';
  const answer = fieldsOf(await http({ method: 'POST', path, body, once: true }));
  const masterKeys = fieldsOf(answer['master_keys']);
  const keys = Object.values(fieldsOf(fieldsOf(masterKeys[user])['keys']));
  const identity = keys.length === 1 ? text(keys[0]) : '';
  if (!/^[A-Za-z0-9+/]{43}$/.test(identity))
    throw new Fault(
      'identity_unknown',
      `${user} has no cross-signing identity; it is made by setting up verification in a client`,
    );
  return identity;
}
