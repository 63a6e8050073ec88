/**
 * What the project relies on in a homeserver, said once: the loopback homeserver (`loopback.ts`) and a
 * real Synapse (`../synapse/contract.ts`) are held to the same cases, so that the first cannot drift
 * from the second.
 */
import type { Test } from 'tap';
import { testAccounts } from './homeserver/accounts.ts';
import { testCrossSigning } from './homeserver/cross-signing.ts';
import { testEncryption } from './homeserver/encryption.ts';
import { testHistory } from './homeserver/history.ts';
import { testKeys } from './homeserver/keys.ts';
import { testMedia } from './homeserver/media.ts';
import { testRooms } from './homeserver/rooms.ts';
import { testSync } from './homeserver/sync.ts';
import type { ServerUnderTest } from './raw.ts';

export async function testHomeserver(t: Test, server: ServerUnderTest): Promise<void> {
  await t.test('accounts', (t) => testAccounts(t, server));
  await t.test('rooms', (t) => testRooms(t, server));
  await t.test('history', (t) => testHistory(t, server));
  await t.test('sync', (t) => testSync(t, server));
  await t.test('keys', (t) => testKeys(t, server));
  await t.test('cross-signing', (t) => testCrossSigning(t, server));
  await t.test('media', (t) => testMedia(t, server));
  await t.test('encryption', (t) => testEncryption(t, server));
}
