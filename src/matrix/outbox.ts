/** What the bot says, on its way into a room: always encrypted, each message once. */
import { crockford, sha256, utf8 } from '../base/bytes.ts';
import { Fatal, Fault } from '../base/errors.ts';
import { type EventId, parseEventId, type RoomId } from '../base/ids.ts';
import type { Chat, Post } from '../ports.ts';
import type { SyncClient } from './client.ts';
import type { Crypto } from './crypto/device.ts';
import { fieldsOf, text } from './events.ts';
import type { Members } from './members.ts';

export interface OutboxParts {
  readonly client: Pick<SyncClient, 'doRequest' | 'uploadContent'>;
  readonly crypto: Pick<Crypto, 'encrypt' | 'encryptFile'>;
  readonly members: Members;
}

export function openOutbox({ client, crypto, members }: OutboxParts): Chat {
  const upload = async (bytes: Uint8Array): Promise<object> => {
    const file = crypto.encryptFile(bytes);
    const url = await client.uploadContent(Buffer.from(file.bytes), 'application/octet-stream');
    if (!isContentUri(url))
      throw new Fault('message_unsent', 'the homeserver took a file and did not say where it is');
    return { ...file.info, url };
  };

  const send = async (post: Post): Promise<EventId> => {
    const file = post.file && (await upload(post.file.bytes));
    const content = formatContent(post, file);
    const to = await members.of(post.room);
    const encrypted = await crypto.encrypt(post.room, to, 'm.room.message', content);
    const path = ['rooms', post.room, 'send', 'm.room.encrypted', transactionId(post.key)];
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
  return {
    post(post) {
      const before = last.get(post.room) ?? Promise.resolve();
      const mine = before.catch(() => {}).then(() => send(post));
      last.set(post.room, mine);
      return mine.catch((cause: unknown) => {
        if (cause instanceof Fatal) throw cause;
        throw new Fault('message_unsent', 'a message could not be sent', cause);
      });
    },
  };
}

const isContentUri = (value: unknown): value is string =>
  typeof value === 'string' && /^mxc:\/\/[\x21-\x7E]{1,500}$/.test(value);

/** The same key is the same transaction, also after a restart; the key itself stays with us. */
const transactionId = (key: string): string => `v${crockford(sha256(utf8(key)), 26)}`;

function formatContent(post: Post, file: object | undefined): object {
  const body = post.file
    ? formatFile(post.file.name, post.file.bytes.length, file)
    : formatText(post);
  if (post.replaces === undefined) return { ...body, 'm.relates_to': inThread(post.thread) };
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

const formatFile = (name: string, size: number, file: object | undefined) => ({
  msgtype: 'm.file',
  body: name,
  filename: name,
  info: { mimetype: 'text/plain; charset=utf-8', size },
  file,
  ...NOBODY,
});

const inThread = (root: EventId) => ({
  rel_type: 'm.thread',
  event_id: root,
  is_falling_back: true,
  'm.in_reply_to': { event_id: root },
});
