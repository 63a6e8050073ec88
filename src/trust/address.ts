/**
 * Is a message meant for the bot, and which part of it is the command? Only what stands at the very
 * beginning addresses it. What seems to be meant for it and is not clear is answered, never guessed.
 */
import type { UserId } from '../base/ids.ts';
import type { Message } from './sighting.ts';

export interface Names {
  readonly bot: UserId;
  /** Other names by which it is known, in any case. */
  readonly botNames: readonly string[];
}

export type Address =
  /** What stands behind the mark or the mention. */
  | { readonly kind: 'command'; readonly text: string }
  /** It is meant for the bot, and no command can be told from it. */
  | { readonly kind: 'unclear' }
  | { readonly kind: 'none' };

const NONE: Address = { kind: 'none' };
const UNCLEAR: Address = { kind: 'unclear' };

/** In a room where others are addressed, too. */
export function addressOf(message: Message, names: Names): Address {
  const text = message.text.trim();
  if (/^!\p{L}/u.test(text)) return { kind: 'command', text: text.slice(1) };
  const isMentioned = message.mentions.includes(names.bot);
  const behind = behindName(text, message, names);
  if (isMentioned && behind) return { kind: 'command', text: behind.rest };
  // In a reply, clients add a mention of the author who is answered.
  if (isMentioned) return message.relation === 'reply' ? NONE : UNCLEAR;
  // Typed by hand: a name that the client has made no mention of may be anybody's.
  return behind?.isSetOff ? UNCLEAR : NONE;
}

/** Between two there is no need to say who is meant. */
export function plainText(message: Message, names: Names): string {
  const text = message.text.trim();
  const behind = message.mentions.includes(names.bot) && behindName(text, message, names);
  return behind ? behind.rest : text.replace(/^!/, '');
}

interface Behind {
  readonly rest: string;
  /** By a colon or a comma, as one does with an address. */
  readonly isSetOff: boolean;
}

/** What follows the bot's name, in the forms in which clients write a mention into the plain text. */
function behindName(text: string, { link }: Message, { bot, botNames }: Names): Behind | undefined {
  const linked = LINKED.exec(text);
  const isLink = linked && [bot, encodeURIComponent(bot)].includes(linked[1] ?? '');
  const shown = link?.user === bot && link.text !== '' ? [link.text] : [];
  const forms = [bot, ...shown, ...botNames].flatMap((name) => [name, `@${name}`, `@[${name}]`]);
  for (const form of isLink ? [linked[0]] : forms) {
    if (text.slice(0, form.length).toLowerCase() !== form.toLowerCase()) continue;
    const found = /^(\s*[:,]\s*|\s+)!?(.+)$/s.exec(text.slice(form.length));
    if (found?.[2] !== undefined) return { rest: found[2], isSetOff: /[:,]/.test(found[1] ?? '') };
  }
  return undefined;
}

/** Some clients leave what they make the link from: [a name](its address). */
const LINKED = /^@?\[[^\]\n]*\]\(https:\/\/matrix\.to\/#\/([^()?\s]+)(?:\?[^()\s]*)?\)/;
