/**
 * A person for tests: a third-party client (matrix-js-sdk with its Rust crypto) signed in on a device
 * of its own. What it says about encryption and trust is therefore not said by our own code.
 * The only importer of matrix-js-sdk, in which production code has no part.
 */
import {
  ClientEvent,
  createClient,
  EventType,
  type MatrixClient,
  type MatrixEvent,
  MatrixEventEvent,
  MsgType,
  Preset,
  RelationType,
  SyncState,
} from 'matrix-js-sdk';
import { type Logger, logger } from 'matrix-js-sdk/lib/logger.js';
import { type JsonObject, objectAt, textAt } from '../../src/demo/homeserver/json.ts';
import { openAttachment, sealAttachment } from './attachment.ts';
import { eventually } from './eventually.ts';
import { type Heard, Hearing, type Wait } from './hearing.ts';
import { ignoreLongTimers } from './long-timers.ts';

/** The SDK logs every request; a failing test speaks through its assertions. */
const silent = () => {};
const silence: Logger = {
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  getChild: () => silence,
};
// Parts of the SDK know the global logger only.
Object.assign(logger, silence, { log: silent });
ignoreLongTimers();

export interface PersonOptions {
  readonly baseUrl: string;
  /** With or without the server's name: `alice` or `@alice:localhost`. */
  readonly name: string;
  readonly password: string;
  /** Make the account first; for servers with open registration. */
  readonly register?: boolean;
  /** Make cross-signing keys and sign this device with them. Default: true. */
  readonly crossSigned?: boolean;
}

/** Signs in on a new device and is in sync when it resolves. Disposal stops the client, no more. */
export async function openPerson(options: PersonOptions): Promise<Person> {
  const { baseUrl, name, password } = options;
  const visitor = createClient({ baseUrl, logger: silence });
  if (options.register === true)
    await visitor.registerRequest({ username: name, password, auth: { type: 'm.login.dummy' } });
  const { user_id, device_id, access_token } = await visitor.loginRequest({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: name },
    password,
  });
  const session = { userId: user_id, deviceId: device_id, accessToken: access_token };
  const client = createClient({ baseUrl, logger: silence, ...session });
  const person = new Person({ ...session, client, password });
  await client.initRustCrypto({ useIndexedDB: false });
  await startSync(client);
  await eventually(async () => {
    const { device_keys } = await client.downloadKeysForUsers([user_id]);
    return device_keys[user_id]?.[device_id]; // without keys there nobody can write to the device
  });
  if (options.crossSigned !== false) await person.resetIdentity();
  return person;
}

/** Resolves at the end of the first sync. */
async function startSync(client: MatrixClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
  await client.startClient({ initialSyncLimit: 50 });
  await promise;
}

interface Session {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly password: string;
  /** For everything that has no method here. */
  readonly client: MatrixClient;
}

export class Person implements AsyncDisposable {
  readonly session: Session;
  readonly #hearing = new Hearing();

  constructor(session: Session) {
    this.session = session;
    session.client.on(ClientEvent.Event, (event) => void this.#hear(event));
  }

  get userId(): string {
    return this.session.userId;
  }

  /** Everything heard so far in any room, an event again when it could be decrypted at last. */
  get heard(): readonly Heard[] {
    return this.#hearing.heard;
  }

  /** The first match in the room, heard already or soon; of an edit the new content counts. */
  waitFor(roomId: string, match: (heard: Heard) => boolean, wait?: Wait): Promise<Heard> {
    return this.#hearing.waitFor((heard) => heard.roomId === roomId && match(heard), wait);
  }

  /** The same, in whichever room. */
  waitForAny(match: (heard: Heard) => boolean, wait?: Wait): Promise<Heard> {
    return this.#hearing.waitFor(match, wait);
  }

  /** New cross-signing keys, the first or others in their place. */
  async resetIdentity(): Promise<void> {
    const { client, userId, password } = this.session;
    const identifier = { type: 'm.id.user', user: userId };
    const crypto = client.getCrypto();
    // An older answer about our own keys that comes in between makes the SDK throw the new ones away.
    do {
      await crypto?.bootstrapCrossSigning({
        setupNewCrossSigning: true,
        authUploadDeviceSigningKeys: (upload) =>
          upload({ type: 'm.login.password', identifier, password }),
      });
      await crypto?.userHasCrossSigningKeys(userId, true);
    } while (!(await crypto?.getCrossSigningKeyId()));
  }

  /** The public master key, base64 without padding. */
  async masterKey(): Promise<string> {
    const key = await this.session.client.getCrypto()?.getCrossSigningKeyId();
    if (!key) throw new Error(`${this.userId} has no cross-signing keys on this device`);
    return key;
  }

  /** A private room, encrypted unless told otherwise, with the others invited. */
  async createRoom(invite: readonly string[], encrypted = true): Promise<string> {
    const algorithm = { algorithm: 'm.megolm.v1.aes-sha2' };
    const { room_id: roomId } = await this.session.client.createRoom({
      preset: Preset.PrivateChat,
      invite: [...invite],
      initial_state: encrypted
        ? [{ type: 'm.room.encryption', state_key: '', content: algorithm }]
        : [],
    });
    await this.waitForMembership(roomId, { userId: this.userId, membership: 'join' });
    return roomId;
  }

  /** Waits for the invitation, too: a person only joins what they were shown. */
  async join(roomId: string): Promise<void> {
    await this.waitForMembership(roomId, { userId: this.userId, membership: 'invite' });
    const from = this.heard.length;
    await this.session.client.joinRoom(roomId);
    await this.waitForMembership(roomId, { userId: this.userId, membership: 'join' }, { from });
  }

  /** Waits until this person's client knows of the membership. */
  async waitForMembership(
    roomId: string,
    { userId, membership }: { readonly userId: string; readonly membership: string },
    wait?: Wait,
  ): Promise<void> {
    const isIt = ({ type, stateKey, content }: Heard) =>
      type === EventType.RoomMember &&
      stateKey === userId &&
      textAt(content, 'membership') === membership;
    await this.waitFor(roomId, isIt, wait);
  }

  /** Returns the id of the event. `thread`: the first event of the thread to say it in. */
  async say(roomId: string, body: string, thread?: string): Promise<string> {
    const relation = thread && {
      rel_type: RelationType.Thread,
      event_id: thread,
      is_falling_back: true,
      'm.in_reply_to': { event_id: thread },
    };
    const content = { msgtype: MsgType.Text as const, body };
    const sent = await this.session.client.sendMessage(
      roomId,
      relation ? { ...content, 'm.relates_to': relation } : content,
    );
    return sent.event_id;
  }

  async edit(roomId: string, eventId: string, body: string): Promise<string> {
    const content = { msgtype: MsgType.Text as const, body };
    const sent = await this.session.client.sendMessage(roomId, {
      ...content,
      body: `* ${body}`,
      'm.new_content': content,
      'm.relates_to': { rel_type: RelationType.Replace, event_id: eventId },
    });
    return sent.event_id;
  }

  async react(roomId: string, eventId: string, key: string): Promise<string> {
    const sent = await this.session.client.sendEvent(roomId, EventType.Reaction, {
      'm.relates_to': { rel_type: RelationType.Annotation, event_id: eventId, key },
    });
    return sent.event_id;
  }

  /** Uploads the data encrypted and says so in a message with the file's name. */
  async attach(roomId: string, fileName: string, data: Uint8Array): Promise<string> {
    const { client } = this.session;
    const { ciphertext, file } = sealAttachment(data);
    const { content_uri } = await client.uploadContent(new Blob([ciphertext]));
    const sent = await client.sendMessage(roomId, {
      msgtype: MsgType.File,
      body: fileName,
      file: file(content_uri),
    });
    return sent.event_id;
  }

  /** What was attached to a message; rejects if it is not what the sender attached. */
  async fetchAttachment({ content }: Heard): Promise<Uint8Array> {
    const { client, accessToken } = this.session;
    const file = objectAt(content, 'file');
    const path = textAt(file, 'url')?.replace('mxc://', '/_matrix/client/v1/media/download/');
    const response = await fetch(`${client.getHomeserverUrl()}${path}`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    return openAttachment(file, new Uint8Array(await response.arrayBuffer()));
  }

  async #hear(event: MatrixEvent): Promise<void> {
    const roomId = event.getRoomId();
    if (roomId === undefined) return;
    let decrypted = false;
    event.on(MatrixEventEvent.Decrypted, () => {
      decrypted = true;
      this.#hearing.hear(parseHeard(roomId, event));
    });
    await this.session.client.decryptEventIfNeeded(event);
    if (!decrypted) this.#hearing.hear(parseHeard(roomId, event));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.client.stopClient();
  }
}

function parseHeard(roomId: string, event: MatrixEvent): Heard {
  const content: JsonObject = event.getContent();
  const relation = objectAt(event.getWireContent(), 'm.relates_to');
  const target = textAt(relation, 'event_id');
  const edits = textAt(relation, 'rel_type') === RelationType.Replace ? target : undefined;
  const shown = edits === undefined ? content : objectAt(content, 'm.new_content');
  return {
    roomId,
    eventId: event.getId() ?? '',
    sender: event.getSender() ?? '',
    type: event.getType(),
    stateKey: event.getStateKey(),
    content: shown,
    body: textAt(shown, 'body') ?? '',
    edits,
    thread: textAt(relation, 'rel_type') === RelationType.Thread ? target : undefined,
    encrypted: event.isEncrypted(),
    failure: event.decryptionFailureReason ?? undefined,
  };
}
