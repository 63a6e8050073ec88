/**
 * The terminals of the host, as one more room: what the daemon says there goes to whoever has the
 * conversation open, or to nobody. Nothing is kept for later, so nothing waits for a homeserver.
 */
import { randomBytes } from 'node:crypto';
import type { EventId } from '../base/ids.ts';
import type { Chat, Post } from '../ports.ts';
import type { State as Life } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import { LOCAL_PLACE } from '../trust/local.ts';

/** Somebody who looks on. Requests are followed by how they move; their cards are for rooms. */
export interface Onlooker {
  answered(text: string): void;
  moved(request: Request, life: Life): void;
  /** The whole output of a run, where it is long. */
  attached(text: string): void;
}

export interface Terminals {
  /** The same chat, but for what is said in this room. */
  around(chat: Chat): Chat;
  /** Opens a conversation, until it is disposed of. */
  open(thread: EventId, onlooker: Onlooker): Disposable;
  moved(request: Request, life: Life): void;
}

/** The shape of an event id, so that all that goes by events goes here too. */
export const newLocalEvent = (): EventId => `$local-${randomBytes(12).toString('hex')}` as EventId;

export function openTerminals(): Terminals {
  const open = new Map<EventId, Onlooker>();

  const deliver = ({ thread, key, file, body }: Post): void => {
    const onlooker = thread && open.get(thread);
    if (file) onlooker?.attached(Buffer.from(file.bytes).toString('utf8'));
    else if (key.endsWith('/answer')) onlooker?.answered(body.text);
  };

  return {
    around: (chat) => ({
      ...chat,
      async post(post) {
        if (post.room !== LOCAL_PLACE) return chat.post(post);
        deliver(post);
        return newLocalEvent();
      },
    }),
    open(thread, onlooker) {
      open.set(thread, onlooker);
      return { [Symbol.dispose]: () => void open.delete(thread) };
    },
    moved: (request, life) => open.get(request.thread)?.moved(request, life),
  };
}
