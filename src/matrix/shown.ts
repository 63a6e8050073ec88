/**
 * Everything that some client may show of an event: not only its body, but also what is formatted, the
 * text of an edit, captions, the answers of a poll. Which client shows what is not ours to know, so all
 * texts of the content count, but for those that name something and say nothing.
 */

/** Keys of files, addresses, and what names another event or says how it is related (a reaction's key is shown). */
const NOT_SHOWN: ReadonlySet<string> = new Set([
  ...['file', 'info', 'url', 'thumbnail_file', 'thumbnail_url', 'thumbnail_info'],
  ...['m.mentions', 'm.in_reply_to', 'event_id', 'rel_type', 'is_falling_back'],
  ...['msgtype', 'format', 'uri', 'geo_uri'],
]);
/** An event is smaller than this; what is nested without end says nothing. */
const MAX_PARTS = 1000;

/**
 * Every text, and all of them together, in each reading that a client may make of them: what is markup to
 * one is text to another (`<492039>`). None is empty, and none is there twice.
 */
export function shownOf(content: unknown): readonly string[] {
  const texts: string[] = [];
  const parts: unknown[] = [content];
  for (let count = 0; parts.length > 0 && count < MAX_PARTS; count++) {
    const part = parts.shift();
    if (typeof part === 'string') texts.push(part);
    else if (Array.isArray(part)) parts.push(...part.slice(0, MAX_PARTS));
    else if (typeof part === 'object' && part !== null)
      for (const [key, value] of Object.entries(part)) if (!NOT_SHOWN.has(key)) parts.push(value);
  }
  const readings = [texts.map(withoutMarkup), texts]
    .map((reading) => reading.filter((one) => one !== ''))
    .flatMap((reading) => [...reading, reading.join('\n')]);
  return [...new Set(readings)].filter((one) => one !== '').map((one) => one.toWellFormed());
}

/** A digit between two tags is a digit; what stands for an image or a number in a list is shown, too. */
const withoutMarkup = (text: string): string =>
  text
    .replace(/<[^<>]*>/g, (tag) => [...tag.matchAll(SHOWN_ATTRIBUTE)].map((m) => m[1]).join(' '))
    .replace(/&#0*(\d{1,7});?/g, (_, digits: string) => characterOf(Number(digits)))
    .replace(/&#x0*([0-9a-f]{1,6});?/gi, (_, digits: string) => characterOf(parseInt(digits, 16)));

const SHOWN_ATTRIBUTE = /\b(?:alt|title|start|value)=("[^"]*"|'[^']*'|[^\s"'>]+)/gi;

const characterOf = (point: number): string =>
  point <= 0x10ffff ? String.fromCodePoint(point) : '';
