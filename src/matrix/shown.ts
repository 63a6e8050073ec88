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
  const readings = [texts.map(withoutMarkup), texts.map(asParsed), texts]
    .map((reading) => reading.filter((one) => one !== ''))
    .flatMap((reading) => [...reading, reading.join('\n')]);
  return [...new Set(readings)].filter((one) => one !== '').map((one) => one.toWellFormed());
}

/** A digit between two tags is a digit; what stands for an image or a number in a list is shown, too. */
const withoutMarkup = (text: string): string => withoutEntities(text.replace(/<[^<>]*>/g, shownIn));

/** As a browser reads it: a tag can hold a `>`, and what stands in a comment or a style sheet is not shown. */
function asParsed(text: string): string {
  let shown = '';
  let end = 0;
  for (const { index } of text.matchAll(/<[a-z/!]/gi)) {
    if (index < end) continue;
    const tagEnd = endOfTag(text, index);
    const tag = text.slice(index, tagEnd);
    shown += text.slice(end, index) + shownIn(tag);
    end = endOfHidden(text, tag, tagEnd);
  }
  return withoutEntities(shown + text.slice(end));
}

function endOfTag(text: string, start: number): number {
  if (text.startsWith('<!--', start)) return behind(text, '-->', start + 2);
  const marks = /=\s*(["'])|>/g;
  marks.lastIndex = start;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    if (mark[1] === undefined) return marks.lastIndex;
    marks.lastIndex = behind(text, mark[1], marks.lastIndex);
  }
  return text.length;
}

const behind = (text: string, what: string, from: number): number => {
  const index = text.indexOf(what, from);
  return index < 0 ? text.length : index + what.length;
};

const HIDES = /^<(style|script|template|textarea|option|noscript|mx-reply)\b/i;

/** Where the content of an element ends that is not shown; elsewhere, where its tag does. */
function endOfHidden(text: string, tag: string, tagEnd: number): number {
  const name = HIDES.exec(tag)?.[1];
  if (name === undefined) return tagEnd;
  const closing = new RegExp(`</${name}`, 'gi');
  closing.lastIndex = tagEnd;
  return closing.exec(text)?.index ?? text.length;
}

const SHOWN_ATTRIBUTE = /\b(?:alt|title|start|value)=("[^"]*"|'[^']*'|[^\s"'>]+)/gi;

const shownIn = (tag: string): string =>
  turnOf(tag) + [...tag.matchAll(SHOWN_ATTRIBUTE)].map((m) => m[1]).join(' ');

/** The characters that do what the tag does: turn a text round, and end that. */
const turnOf = (tag: string): string => {
  if (/^<\/bdo\b/i.test(tag)) return '\u202c';
  return /\bdir\s*=\s*["']?rtl\b/i.test(tag) ? '\u202e' : '';
};

const withoutEntities = (text: string): string =>
  text
    .replace(/&#0*(\d{1,7});?/g, (_, digits: string) => characterOf(Number(digits)))
    .replace(/&#x0*([0-9a-f]{1,6});?/gi, (_, digits: string) => characterOf(parseInt(digits, 16)));

const characterOf = (point: number): string =>
  point <= 0x10ffff ? String.fromCodePoint(point) : '';
