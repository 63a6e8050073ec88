/**
 * The link to an account with which a message begins. Clients write a mention so into the formatted body;
 * its text is what stands for it in the plain one, which may be any name that the account goes by.
 */
import { parseUserId, type UserId } from '../base/ids.ts';

export interface Link {
  readonly user: UserId;
  readonly text: string;
}

/** Each looks at a character a bounded number of times: what is matched is attacker-chosen and long. */
const LEADING_LINK = /^\s*(?:<(?:p|div|span)(?:\s[^<>]*)?>\s*)*<a(\s[^<>]*)>([^<>]*)<\/a>/i;
const HREF = /\shref\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')/i;

/** The two ways to write an address of an account: as a page that tells of it, and as a URI. */
const ACCOUNT = [/^https:\/\/matrix\.to\/#\/(@|%40)([^?/]+)/i, /^matrix:(u|user)\/([^?/]+)/i];

export function leadingLink(html: string): Link | undefined {
  const [, attributes = '', text] = LEADING_LINK.exec(html) ?? [];
  const [, quoted, single] = HREF.exec(attributes) ?? [];
  const href = decodeEntities(quoted ?? single ?? '');
  for (const pattern of ACCOUNT) {
    const [, , name] = pattern.exec(href) ?? [];
    const user = name === undefined ? undefined : parseUserId(`@${decodePercent(name)}`);
    if (user?.ok) return { user: user.value, text: decodeEntities(text ?? '').trim() };
  }
  return undefined;
}

/** Empty where it cannot be decoded. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' },
  ...{ '#39': "'", '#x27': "'", '#34': '"' },
};

const decodeEntities = (text: string): string =>
  text.replace(/&([a-z]+|#x?[0-9a-f]+);/gi, (entity, name: string) => ENTITIES[name] ?? entity);
