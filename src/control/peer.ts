/** Somebody at a terminal of the host whose user is proven: what a verb can tell and ask them. */
import type { Socket } from 'node:net';
import { type Lines, parseReply, sendLine } from './wire.ts';

export interface Peer {
  readonly uid: number;
  /** The name of that user on this host; undefined when it has none. */
  readonly user: string | undefined;
  /** For the person to know; not part of what was asked for. */
  note(text: string): void;
  /** What was asked for; said to be of a run where an action printed it. */
  print(text: string, of?: 'run'): void;
  /** One line from the person, unseen while it is typed if `hidden`; undefined when nobody answers. */
  ask(question: string, hidden?: boolean): Promise<string | undefined>;
  /** Aborts when they have hung up. */
  readonly gone: AbortSignal;
}

/** No answer is longer: codes, yes and no. */
const MAX_ANSWER_LENGTH = 200;

export interface PeerParts {
  readonly socket: Socket;
  readonly lines: Lines;
  readonly uid: number;
  readonly user: string | undefined;
}

export function openPeer({ socket, lines, uid, user }: PeerParts): Peer {
  const hungUp = new AbortController();
  if (socket.destroyed) hungUp.abort();
  socket.once('close', () => hungUp.abort());
  return {
    uid,
    user,
    gone: hungUp.signal,
    note: (text) => sendLine(socket, { kind: 'note', text }),
    print: (text, of) => sendLine(socket, { kind: 'output', text, of }),
    async ask(text, hidden = false) {
      sendLine(socket, { kind: 'question', text, hidden });
      const line = await lines.next();
      const reply = line === undefined ? undefined : parseReply(line);
      if (reply?.kind !== 'answer' || reply.text === null) return undefined;
      return reply.text.length <= MAX_ANSWER_LENGTH ? reply.text : undefined;
    },
  };
}
