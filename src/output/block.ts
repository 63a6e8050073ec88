/**
 * What the bot says, as data: lines of spans and blocks of preformatted text. Printed once as plain
 * text and once as HTML. The HTML is of the subset that every Matrix client shows, and holds no link
 * and no image.
 */
import { costOf, MAX_COST, takeStart } from './cost.ts';
import { escapeHtml } from './html.ts';

export type Span = string | { readonly code: string } | { readonly strong: string };

export type Block =
  | { readonly kind: 'line'; readonly spans: readonly Span[] }
  | { readonly kind: 'pre'; readonly text: string };

export interface Rendered {
  readonly text: string;
  readonly html: string;
}

export const line = (...spans: readonly Span[]): Block => ({ kind: 'line', spans });
/** All that there is to say, in one line. */
export const say = (text: string): readonly Block[] => [line(text)];
export const pre = (text: string): Block => ({ kind: 'pre', text });
export const code = (text: string): Span => ({ code: text });
export const strong = (text: string): Span => ({ strong: text });

/** What does not fit into a message is cut off at the end, and said to be. */
export function renderBlocks(blocks: readonly Block[]): Rendered {
  const fitting = fit(blocks);
  return {
    text: fitting
      .map((b) => (b.kind === 'pre' ? b.text : b.spans.map(spanText).join('')))
      .join('\n'),
    html: renderHtml(fitting),
  };
}

const spanText = (span: Span): string => {
  if (typeof span === 'string') return span;
  return 'code' in span ? span.code : span.strong;
};

function renderHtml(blocks: readonly Block[]): string {
  let html = '';
  for (const [index, block] of blocks.entries()) {
    const previous = blocks[index - 1];
    if (block.kind === 'pre') html += `<pre><code>${escapeHtml(block.text)}</code></pre>`;
    else html += `${previous?.kind === 'line' ? '<br>' : ''}${block.spans.map(spanHtml).join('')}`;
  }
  return html;
}

function spanHtml(span: Span): string {
  if (typeof span === 'string') return escapeHtml(span);
  return 'code' in span
    ? `<code>${escapeHtml(span.code)}</code>`
    : `<strong>${escapeHtml(span.strong)}</strong>`;
}

const CUT = line('… there is more, but a message does not hold it.');
/** The tags around a block or a span, at most. */
const TAGS_COST = 30;

function fit(blocks: readonly Block[]): readonly Block[] {
  let left = MAX_COST;
  for (const [index, block] of blocks.entries()) {
    const pieces = block.kind === 'pre' ? [block.text] : block.spans.map(spanText);
    const cost = pieces.reduce((sum, piece) => sum + costOf(piece) + TAGS_COST, 0);
    if (cost > left) {
      const start = takeStart(pieces.join(''), left - TAGS_COST);
      return [...blocks.slice(0, index), block.kind === 'pre' ? pre(start) : line(start), CUT];
    }
    left -= cost;
  }
  return blocks;
}
