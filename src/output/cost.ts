/**
 * What fits into one message. A Matrix event holds 65 536 bytes, encryption takes a quarter of them,
 * and an edit says everything twice, as text and as HTML. What is longer the homeserver refuses, and
 * then nothing is said at all: so no text of unknown length goes into a message uncut.
 */
import { escapeHtml } from './html.ts';

/** For everything in a message together, in the units of `costOf`. */
export const MAX_COST = 21_000;

/** The bytes that a text takes: once as JSON, once more as HTML in JSON. */
export const costOf = (text: string): number => jsonBytes(text) + jsonBytes(escapeHtml(text));

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

/** The beginning of a text, as much as the cost allows; whole characters only. */
export function takeStart(text: string, cost: number): string {
  let left = cost;
  let end = 0;
  for (const char of text) {
    left -= costOf(char);
    if (left < 0) break;
    end += char.length;
  }
  return text.slice(0, end);
}

/** The end of a text, likewise. */
export function takeEnd(text: string, cost: number): string {
  // A character costs two at least, so this is all that can be needed, and half a character more.
  const chars = Array.from(text.slice(-cost)).reverse();
  let left = cost;
  let length = 0;
  for (const char of chars) {
    left -= costOf(char);
    if (left < 0) break;
    length += char.length;
  }
  return length === 0 ? '' : text.slice(-length).toWellFormed();
}

/** A text of one line with its middle left out if need be, and with the word that it was. */
export function shorten(text: string, cost: number): string {
  if (costOf(text) <= cost) return text;
  const start = takeStart(text, cost * 0.7);
  const end = takeEnd(text.slice(start.length), cost * 0.2);
  return `${start} […${text.length - start.length - end.length} characters left out…] ${end}`;
}
