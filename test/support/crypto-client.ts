/** Our own end of the encryption, signed in on a homeserver in this process, in memory. */
import type { Fault } from '../../src/base/errors.ts';
import type { DeviceId, EventId, RoomId, UserId } from '../../src/base/ids.ts';
import type { Homeserver } from '../../src/demo/homeserver/homeserver.ts';
import { type Crypto, type CryptoOptions, openCrypto } from '../../src/matrix/crypto/device.ts';
import type { Decryption } from '../../src/matrix/crypto/provenance.ts';
import { VERIFIES_NOBODY } from '../../src/matrix/crypto/verification.ts';
import { fieldsOf, parseSync, text } from '../../src/matrix/events.ts';
import { type Http, openHttp } from '../../src/matrix/http.ts';
import { NOBODY } from '../../src/matrix/sign-in/guide.ts';
import { logIn } from '../../src/matrix/sign-in/log-in.ts';
import { giveIdentity } from '../../src/matrix/sign-in/sign-in.ts';
import { event, user } from './ids.ts';

export interface CryptoClient extends AsyncDisposable {
  readonly user: UserId;
  readonly device: DeviceId;
  /** The master key; empty without cross-signing. */
  readonly identity: string;
  readonly crypto: Crypto;
  readonly http: Http;
  /** What the homeserver refused. */
  readonly refused: Fault[];
  /** Takes in what has come since the last time. */
  sync(): Promise<void>;
  /** Encrypts a text message for these members; the content of the event. */
  say(body: string, members: readonly UserId[]): Promise<Megolm>;
  /** Decrypts an event with this content, said to be of that sender. */
  read(content: Megolm, sender: UserId): Promise<Decryption>;
}

/** The content of an encrypted event. */
export interface Megolm {
  readonly algorithm: string;
  readonly session_id: string;
  readonly ciphertext: string;
}

export interface CryptoClientOptions {
  readonly name: string;
  /** Default: true. An account that has an identity already gets a new one in its place. */
  readonly crossSigned?: boolean;
  readonly pinOf?: CryptoOptions['pinOf'];
  /** Whom the policy names; without it, there is no policy. */
  readonly isKnown?: (user: UserId) => boolean;
}

export const ROOM = '!room:localhost' as RoomId;

export async function openCryptoClient(
  server: Homeserver,
  { name, crossSigned = true, pinOf, isKnown }: CryptoClientOptions,
): Promise<CryptoClient> {
  const { accounts } = server.state;
  const id = user(`@${name}:localhost`);
  const password = `${name}'s password`;
  if (!accounts.at(id)) accounts.register(name, password);
  const ending = new AbortController();
  const { signal } = ending;
  const way = { kind: 'password', password } as const;
  const account = { homeserver: server.url, user: id, way, newIdentity: true };
  const { device, session } = await logIn(account, { guide: NOBODY, signal });
  const http = openHttp({ baseUrl: server.url, token: session.accessToken, signal });
  const refused: Fault[] = [];
  const crypto = await openCrypto({
    ...{ user: id, device, onRefused: (fault) => void refused.push(fault) },
    send: async (request) => JSON.stringify(await http({ ...request, once: true })),
    ...(pinOf ? { pinOf } : {}),
    ...(isKnown ? { verification: { ...VERIFIES_NOBODY, isKnown } } : {}),
  });
  await crypto.drain();
  const uploader = { homeserver: server.url, user: id, password, guide: NOBODY, signal };
  const identity = crossSigned ? await giveIdentity({ crypto, http, uploader }, account) : '';
  let since: string | undefined;
  const client: CryptoClient = {
    ...{ user: id, device, identity, crypto, http, refused },
    async sync() {
      const query = { timeout: 0, ...(since === undefined ? {} : { since }) };
      const answer = await http({ method: 'GET', path: '/_matrix/client/v3/sync', query });
      since = text(fieldsOf(answer)['next_batch']);
      await crypto.receive(parseSync(answer).keys);
    },
    async say(body, members) {
      const content = { msgtype: 'm.text', body };
      return (await crypto.encrypt(ROOM, members, 'm.room.message', content)) as Megolm;
    },
    read: ({ algorithm, session_id, ciphertext }, sender) =>
      crypto.decrypt(encryptedEvent(sender, { algorithm, session_id, ciphertext }), ROOM),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await crypto.close();
    },
  };
  return client;
}

export const encryptedEvent = (sender: UserId, content: Megolm, id: EventId = event('$e')) => ({
  event_id: id,
  sender,
  type: 'm.room.encrypted',
  origin_server_ts: 0,
  content,
});
