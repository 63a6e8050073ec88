/** What the bot says, on its way into a room: always encrypted, each message once. */
import { crockford, sha256, utf8 } from '../base/bytes.ts';
import { Fatal, Fault } from '../base/errors.ts';
import { type EventId, parseEventId, type RoomId } from '../base/ids.ts';
import type { Chat, Post, PostedFile } from '../ports.ts';
import type { SyncClient } from './client.ts';
import type { Crypto } from './crypto/device.ts';
import type { RoomMessage } from './crypto/sas-request.ts';
import { fieldsOf, text } from './events.ts';
import type { Members } from './members.ts';

export interface OutboxParts {
  readonly client: Pick<SyncClient, 'doRequest' | 'uploadContent'>;
  readonly crypto: Pick<Crypto, 'encrypt' | 'encryptFile'>;
  readonly members: Pick<Members, 'readersOf'>;
}

export interface Outbox extends Pick<Chat, 'post'> {
  /** Sends what is no message of the bot's own words. Rejects like `post`. */
  send(event: RoomMessage): Promise<EventId>;
}

export function openOutbox({ client, crypto, members }: OutboxParts): Outbox {
  const upload = async (bytes: Uint8Array): Promise<object> => {
    const file = crypto.encryptFile(bytes);
    const url = await client.uploadContent(Buffer.from(file.bytes), 'application/octet-stream');
    if (!isContentUri(url))
      throw new Fault('message_unsent', 'the homeserver took a file and did not say where it is');
    return { ...file.info, url };
  };

  const send = async (post: Post): Promise<EventId> => {
    const file = post.file && (await upload(post.file.bytes));
    return put({ ...post, type: 'm.room.message', content: formatContent(post, file) });
  };

  const put = async ({ room, type, content, key }: RoomMessage): Promise<EventId> => {
    const encrypted = await crypto.encrypt(room, await members.readersOf(room), type, content);
    const path = ['rooms', room, 'send', 'm.room.encrypted', transactionId(key)];
    const url = `/_matrix/client/v3/${path.map(encodeURIComponent).join('/')}`;
    const sent = parseEventId(
      text(fieldsOf(await client.doRequest('PUT', url, null, encrypted))['event_id']),
    );
    if (!sent.ok)
      throw new Fault('message_unsent', `the homeserver took a message and said ${sent.error}`);
    return sent.value;
  };

  // One room, one message at a time: what is said first is shown first.
  const last = new Map<RoomId, Promise<unknown>>();
  const inTurn = (room: RoomId, work: () => Promise<EventId>): Promise<EventId> => {
    const before = last.get(room) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    last.set(room, mine);
    return mine.catch((cause: unknown) => {
      if (cause instanceof Fatal) throw cause;
      throw new Fault('message_unsent', 'a message could not be sent', cause);
    });
  };
  return {
    post: (post) => inTurn(post.room, () => send(post)),
    send: (event) => inTurn(event.room, () => put(event)),
  };
}

const isContentUri = (value: unknown): value is string =>
  typeof value === 'string' && /^mxc:\/\/[\x21-\x7E]{1,500}$/.test(value);

/** The same key is the same transaction, also after a restart; the key itself stays with us. */
const transactionId = (key: string): string => `v${crockford(sha256(utf8(key)), 26)}`;

function formatContent(post: Post, file: object | undefined): object {
  const body = post.file ? formatFile(post.file, file) : formatText(post);
  if (post.replaces === undefined)
    return post.thread ? { ...body, 'm.relates_to': inThread(post.thread) } : body;
  return {
    ...body,
    body: `* ${post.body.text}`,
    formatted_body: `* ${post.body.html}`,
    'm.new_content': body,
    'm.relates_to': { rel_type: 'm.replace', event_id: post.replaces },
  };
}

/** Nobody is ever mentioned: an empty `m.mentions` also turns off the older ways of ringing. */
const NOBODY = { 'm.mentions': {} } as const;

const formatText = ({ body }: Post) => ({
  msgtype: 'm.notice',
  body: body.text,
  format: 'org.matrix.custom.html',
  formatted_body: body.html,
  ...NOBODY,
});

const formatFile = ({ name, bytes, type }: PostedFile, file: object | undefined) => ({
  msgtype: type?.startsWith('image/') ? 'm.image' : 'm.file',
  body: name,
  filename: name,
  info: { mimetype: type ?? 'text/plain; charset=utf-8', size: bytes.length },
  file,
  ...NOBODY,
});

const inThread = (root: EventId) => ({
  rel_type: 'm.thread',
  event_id: root,
  is_falling_back: true,
  'm.in_reply_to': { event_id: root },
});
