/**
 * What is said over the control socket: JSON objects, one a line, the same in both directions. Whoever
 * can connect may send anything, so a line has a length, a message a shape, and a talker who does not
 * wait for answers is cut off. The protocol is described in docs/formats/control.md.
 */
import type { Socket } from 'node:net';
import { err, ok, type Result } from '../base/result.ts';

/** The first line of a client: what it wants, and its particulars. */
export interface Ask {
  readonly v: 1;
  readonly verb: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What a client says later. */
export type Reply =
  /** The file that was challenged for is there; `answer`: see `hostAnswer` in proof.ts. */
  | { readonly kind: 'proven'; readonly answer: string | undefined }
  /** To a question; null: nobody is there who could answer. */
  | { readonly kind: 'answer'; readonly text: string | null };

/** What the daemon says. */
export type Frame =
  | { readonly kind: 'challenge'; readonly name: string }
  /** For a person to know. */
  | { readonly kind: 'note'; readonly text: string }
  /** What was asked for; of a run: what an action printed, which can look like anything. */
  | { readonly kind: 'output'; readonly text: string; readonly of: 'run' | undefined }
  | { readonly kind: 'question'; readonly text: string; readonly hidden: boolean }
  /** The last one, with the exit code that the client takes. */
  | { readonly kind: 'end'; readonly code: number };

const MAX_LINE_BYTES = 16 * 1024;
/** A client says one thing and waits; two for a proof that was sent before it was asked for. */
const MAX_WAITING = 2;
/** A client that does not read is not waited for. */
const MAX_UNREAD_BYTES = 16 * 1024 ** 2;

export interface Lines {
  /** The next line; undefined once there will be none any more. */
  next(): Promise<string | undefined>;
}

/** Lines as they come. A line that is too long ends it all, as do more than `most` that nobody waits for. */
export function openLines(socket: Socket, limits = { bytes: MAX_LINE_BYTES, most: MAX_WAITING }) {
  const waiting: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      waiting.push(rest.subarray(0, at).toString('utf8'));
      rest = rest.subarray(at + 1);
    }
    if (rest.length > limits.bytes || waiting.length > limits.most) socket.destroy();
    wake();
  });
  socket.on('error', () => {}); // told by the close that follows
  socket.on('close', () => {
    ended = true;
    wake();
  });
  const lines: Lines = {
    async next() {
      while (waiting.length === 0 && !ended)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return waiting.shift();
    },
  };
  return lines;
}

/** Does not wait: what a client does not read is kept up to a limit, and then it is cut off. */
export function sendLine(socket: Socket, message: Ask | Reply | Frame): void {
  if (socket.destroyed) return;
  socket.write(`${JSON.stringify(message)}\n`);
  if (socket.writableLength > MAX_UNREAD_BYTES) socket.destroy();
}

const NAME = /^[a-z][a-z0-9_-]{0,31}$/;

/** `line` is attacker-chosen. */
export function parseAsk(line: string): Result<Ask, string> {
  const { v, verb, fields, ...rest } = parseObject(line) ?? {};
  if (v !== 1) return err('not a message of version 1');
  if (typeof verb !== 'string' || !NAME.test(verb) || Object.keys(rest).length > 0)
    return err('not a question');
  const given = Object.entries(isObject(fields) ? fields : { '': '' });
  if (!given.every(isField)) return err('its fields are not names with text');
  return ok({ v, verb, fields: Object.fromEntries(given) });
}

const isField = (field: [string, unknown]): field is [string, string] =>
  NAME.test(field[0]) && typeof field[1] === 'string' && field[1].isWellFormed();

/** `line` is attacker-chosen. */
export function parseReply(line: string): Reply | undefined {
  const { kind, text, answer } = parseObject(line) ?? {};
  if (kind === 'proven' && (answer === undefined || typeof answer === 'string'))
    return { kind, answer };
  return kind === 'answer' && (text === null || typeof text === 'string')
    ? { kind, text }
    : undefined;
}

/** For the client: what the daemon said. */
export function parseFrame(line: string): Frame | undefined {
  const { kind, name, text, of, hidden, code } = parseObject(line) ?? {};
  switch (kind) {
    case 'challenge':
      return typeof name === 'string' && /^[0-9a-f]{32}$/.test(name) ? { kind, name } : undefined;
    case 'note':
      return typeof text === 'string' ? { kind, text } : undefined;
    case 'output':
      return typeof text === 'string'
        ? { kind, text, of: of === 'run' ? of : undefined }
        : undefined;
    case 'question':
      return typeof text === 'string' ? { kind, text, hidden: hidden === true } : undefined;
    case 'end':
      return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code < 256
        ? { kind, code }
        : undefined;
    default:
      return undefined;
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // said to be no message by whoever asked
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
