/** Plain HTTP to a homeserver: one account's device, and what it is answered. */
import { randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import type { Json } from '../../src/base/bytes.ts';
import { type JsonObject, objectAt, textAt } from '../../src/demo/homeserver/json.ts';

export interface ServerUnderTest {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly register: (name: string, password: string) => Promise<unknown>;
}

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

export const V3 = '/_matrix/client/v3';

export const unique = (): string => randomBytes(6).toString('hex');

export interface Asked {
  readonly token?: string | undefined;
  readonly body?: Json;
  /** Sent in place of `body`, as it is. */
  readonly bytes?: string | Uint8Array<ArrayBuffer>;
}

/** `path` is relative to the base URL. */
export async function ask(
  { baseUrl }: Pick<ServerUnderTest, 'baseUrl'>,
  call: string,
  { token, body, bytes }: Asked = {},
): Promise<Answer> {
  const [method = '', path = ''] = call.split(' ', 2);
  const content = bytes ?? (body === undefined ? null : JSON.stringify(body));
  const response = await fetch(baseUrl + path, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: content,
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

export interface Account {
  readonly name: string;
  readonly password: string;
}

export async function newAccount(server: ServerUnderTest): Promise<Account> {
  const account = { name: `p${unique()}`, password: unique() };
  await server.register(account.name, account.password);
  return account;
}

/** One device of an account, which may or may not have keys. */
export class RawDevice {
  readonly server: ServerUnderTest;
  readonly account: Account;
  readonly userId: string;
  readonly deviceId: string;
  readonly token: string;
  #syncs = 0;

  constructor(server: ServerUnderTest, account: Account, session: JsonObject) {
    this.server = server;
    this.account = account;
    this.userId = textAt(session, 'user_id') ?? '';
    this.deviceId = textAt(session, 'device_id') ?? '';
    this.token = textAt(session, 'access_token') ?? '';
  }

  /** `call`: method and path, the path relative to the client API v3 unless it begins at its root. */
  ask(call: string, body?: Json): Promise<Answer> {
    const [method, path = ''] = call.split(' ', 2);
    const whole = path.startsWith('/_matrix/') ? path : V3 + path;
    const asked = body === undefined ? {} : { body };
    return ask(this.server, `${method} ${whole}`, { token: this.token, ...asked });
  }

  /** What `ask` is answered, which must be 200. */
  async get(call: string, body?: Json): Promise<JsonObject> {
    const answer = await this.ask(call, body);
    if (answer.status !== 200) throw new Error(`${call}: ${JSON.stringify(answer)}`);
    return answer.body;
  }

  /**
   * Waits for `timeoutMs` at most and a little more, never twice the same: Synapse answers a repeated
   * sync from a cache, for two minutes, with what it answered the first time.
   */
  sync(since?: string, { timeoutMs = 0, filter = {} }: SyncWish = {}): Promise<JsonObject> {
    this.#syncs += 1;
    const query = new URLSearchParams({
      timeout: String(timeoutMs + this.#syncs),
      filter: JSON.stringify(filter),
      ...(since === undefined ? {} : { since }),
    });
    return this.get(`GET /sync?${query.toString()}`);
  }

  /** A token to sync from. */
  async now(): Promise<string> {
    return textAt(await this.sync(), 'next_batch') ?? '';
  }

  /** The id of a new room. */
  async createRoom(body: JsonObject = {}): Promise<string> {
    const room = await this.get('POST /createRoom', { preset: 'private_chat', ...body });
    return textAt(room, 'room_id') ?? '';
  }

  /** The id of a new text message. */
  async say(roomId: string, body: string, more: JsonObject = {}): Promise<string> {
    const content = { msgtype: 'm.text', body, ...more };
    const path = `/rooms/${roomId}/send/m.room.message/${unique()}`;
    return textAt(await this.get(`PUT ${path}`, content), 'event_id') ?? '';
  }
}

export interface SyncWish {
  readonly timeoutMs?: number;
  readonly filter?: JsonObject;
}

export async function signIn(
  server: ServerUnderTest,
  account: Account,
  deviceId?: string,
): Promise<RawDevice> {
  const { status, body } = await ask(server, `POST ${V3}/login`, {
    body: {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: account.name },
      password: account.password,
      ...(deviceId === undefined ? {} : { device_id: deviceId }),
    },
  });
  if (status !== 200) throw new Error(`login: ${JSON.stringify(body)}`);
  return new RawDevice(server, account, body);
}

/** A new account with one device. */
export const newDevice = async (server: ServerUnderTest): Promise<RawDevice> =>
  signIn(server, await newAccount(server));

/** A private room of the first with everybody else in it. */
export async function roomOf(first: RawDevice, ...others: readonly RawDevice[]): Promise<string> {
  const roomId = await first.createRoom({ invite: others.map(({ userId }) => userId) });
  for (const other of others) await other.get(`POST /rooms/${roomId}/join`, {});
  return roomId;
}

/** `section` of the room in a sync answer: `join`, `invite` or `leave`. */
export const roomIn = (answer: JsonObject, section: string, roomId: string): JsonObject =>
  objectAt(objectAt(objectAt(answer, 'rooms'), section), roomId);

export function refused(
  t: Test,
  answer: Answer,
  { status, errcode }: { readonly status: number; readonly errcode: string },
): void {
  t.hasStrict(answer, { status, body: { errcode } });
  t.match(answer, { body: { error: String } });
}
