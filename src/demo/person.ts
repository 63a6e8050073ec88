/**
 * A person of the demo: a small Matrix client with real encryption, whose keys live and die with the
 * process. Ordinary clients do the same with more comfort.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseRoomId, parseUserId, type RoomId, type UserId } from '../base/ids.ts';
import type { Result } from '../base/result.ts';
import { SyncClient } from '../matrix/client.ts';
import { type Crypto, openCrypto } from '../matrix/crypto/device.ts';
import { fieldsOf, type Invite, parseSync, type TimelineEvent, text } from '../matrix/events.ts';
import { openHttp } from '../matrix/http.ts';
import { NOBODY } from '../matrix/sign-in/guide.ts';
import { logIn } from '../matrix/sign-in/log-in.ts';
import { giveIdentity } from '../matrix/sign-in/sign-in.ts';

export interface Heard {
  readonly event: string;
  readonly sender: string;
  readonly text: string;
  /** The event that this one edits, and the first one of the thread it is in. */
  readonly edits: string;
  readonly thread: string;
}

export interface Person extends AsyncDisposable {
  readonly name: string;
  readonly user: UserId;
  /** The public master key, unpadded base64. */
  readonly identity: string;
  createRoom(invite: readonly string[]): Promise<RoomId>;
  join(room: RoomId): Promise<void>;
  /** Joins the first room that this account invites to, having waited for it. */
  joinInvitedBy(account: string): Promise<RoomId>;
  /** Anything else, in clear, as clients do with reactions. */
  send(room: RoomId, type: string, content: object): Promise<void>;
  /** Says it encrypted; resolves with the event as the homeserver keeps it. */
  say(room: RoomId, text: string): Promise<{ readonly event: string; readonly content: object }>;
  /** The first message that fits, heard already or soon. */
  waitFor(fits: (heard: Heard) => boolean): Promise<Heard>;
}

export interface PersonOptions {
  readonly homeserver: string;
  readonly serverName: string;
  readonly name: string;
  /** The account is somebody else's: a new device for it, and a new identity in place of theirs. */
  readonly takeOver?: boolean;
}

const V3 = '/_matrix/client/v3';
const PATIENCE_MS = 20_000;

export async function openPerson(options: PersonOptions): Promise<Person> {
  const { homeserver, serverName, name } = options;
  const user = sure(parseUserId(`@${name}:${serverName}`));
  const { takeOver = false } = options;
  const password = `${name}'s password`;
  const way = { kind: 'password', password } as const;
  const ending = new AbortController();
  const { signal } = ending;
  const visitor = openHttp({ baseUrl: homeserver, signal });
  if (!takeOver) await register(visitor, name, password);
  const account = { homeserver, user, way, newIdentity: takeOver };
  const { device, session } = await logIn(account, { guide: NOBODY, signal });
  const http = openHttp({ baseUrl: homeserver, signal, token: session.accessToken });
  const send = async (request: Parameters<typeof http>[0]) => JSON.stringify(await http(request));
  const crypto = await openCrypto({ user, device, send });
  const uploader = { homeserver, user, password, guide: NOBODY, signal };
  const identity = await giveIdentity({ crypto, http, uploader }, account);
  await crypto.drain();

  const client = new SyncClient(homeserver, http);
  const heard: Heard[] = [];
  const invites: Invite[] = [];
  const listening = client.sync({
    position: { load: () => undefined, save() {} },
    onSync: async (response) => {
      const sync = parseSync(response);
      await crypto.receive(sync.keys);
      invites.push(...sync.invites);
      for (const { room, events } of sync.joined)
        for (const event of events) heard.push(...(await hear(crypto, room, event)));
    },
    onFatal() {}, // the demo ends, or the person is gone
  });
  return {
    name,
    user,
    identity,
    async createRoom(invite) {
      const encryption = { algorithm: 'm.megolm.v1.aes-sha2' };
      const initial_state = [{ type: 'm.room.encryption', state_key: '', content: encryption }];
      const body = { preset: 'private_chat', invite, initial_state };
      const made = fieldsOf(await client.doRequest('POST', `${V3}/createRoom`, null, body));
      return sure(parseRoomId(text(made['room_id'])));
    },
    join: async (room) => void (await client.joinRoom(room)),
    async joinInvitedBy(account) {
      const { room } = await until(name, () => invites.find(({ from }) => from === account));
      await client.joinRoom(room);
      return room;
    },
    async send(room, type, content) {
      const path = `${V3}/rooms/${encodeURIComponent(room)}/send/${type}/${randomUUID()}`;
      await client.doRequest('PUT', path, null, content);
    },
    async say(room, body) {
      const members = (await client.getJoinedRoomMembers(room)).map((m) => sure(parseUserId(m)));
      const message = { msgtype: 'm.text', body };
      const content = await crypto.encrypt(room, members, 'm.room.message', message);
      const path = `${V3}/rooms/${encodeURIComponent(room)}/send/m.room.encrypted/${randomUUID()}`;
      const sent = fieldsOf(await client.doRequest('PUT', path, null, content));
      return { event: text(sent['event_id']), content };
    },
    waitFor: (fits) => until(name, () => heard.find(fits)),
    async [Symbol.asyncDispose]() {
      client.stop();
      ending.abort();
      await listening;
      await crypto.close();
    },
  };
}

async function until<T>(name: string, look: () => T | undefined): Promise<T> {
  for (const endAt = Date.now() + PATIENCE_MS; Date.now() < endAt; await sleep(10)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error(`${name} has been waiting in vain`);
}

async function register(http: ReturnType<typeof openHttp>, username: string, password: string) {
  const body = JSON.stringify({ username, password, auth: { type: 'm.login.dummy' } });
  await http({ method: 'POST', path: `${V3}/register`, body });
}

async function hear(crypto: Crypto, room: RoomId, event: TimelineEvent): Promise<Heard[]> {
  const { session_id, ciphertext } = event.content;
  if (event.type !== 'm.room.encrypted' || typeof ciphertext !== 'string') return [];
  const content = { ...event.content, session_id: text(session_id), ciphertext };
  const raw = {
    event_id: event.event,
    sender: event.sender,
    type: event.type,
    origin_server_ts: 0,
  };
  const result = await crypto.decrypt({ ...raw, content }, room);
  if (result.kind !== 'decrypted') return [];
  const clear = fieldsOf(result.content);
  const relation = fieldsOf(event.content['m.relates_to']);
  const target = text(relation['event_id']);
  const isEdit = relation['rel_type'] === 'm.replace';
  return [
    {
      event: event.event,
      sender: event.sender,
      text: text(fieldsOf(clear['m.new_content'])['body']) || text(clear['body']),
      edits: isEdit ? target : '',
      thread: isEdit ? '' : target,
    },
  ];
}

function sure<T>(parsed: Result<T, string>): T {
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
