/**
 * What the bot says, as data: lines of spans, blocks of preformatted text, and what an action printed.
 * Printed once as plain text and once as HTML. The HTML is of the subset that every Matrix client shows,
 * and holds no link and no image.
 */
import { costOf, MAX_COST, takeStart } from './cost.ts';
import { escapeHtml } from './html.ts';

export type Span = string | { readonly code: string } | { readonly strong: string };

export type Block =
  | { readonly kind: 'line'; readonly spans: readonly Span[] }
  | { readonly kind: 'pre'; readonly text: string }
  | { readonly kind: 'output'; readonly lines: readonly string[] };

export interface Rendered {
  readonly text: string;
  readonly html: string;
}

export const line = (...spans: readonly Span[]): Block => ({ kind: 'line', spans });
/** All that there is to say, in one line. */
export const say = (text: string): readonly Block[] => [line(text)];
export const pre = (text: string): Block => ({ kind: 'pre', text });
export const output = (lines: readonly string[]): Block => ({ kind: 'output', lines });
export const code = (text: string): Span => ({ code: text });
export const strong = (text: string): Span => ({ strong: text });

/** In plain text, before each line of output: without it, output could look like the bot's own words. */
const OUTPUT_MARK = '│ ';
export const markOutput = (lines: readonly string[]): readonly string[] =>
  lines.map((each) => `${OUTPUT_MARK}${each}`);
/** What a line of output takes in a message. */
export const costOfOutput = (line: string): number => costOf(`${OUTPUT_MARK}${line}\n`);

/** What does not fit into a message is cut off at the end, and said to be. */
export function renderBlocks(blocks: readonly Block[]): Rendered {
  const fitting = fit(blocks);
  return {
    text: fitting.map(blockText).join('\n'),
    html: renderHtml(fitting),
  };
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'line':
      return block.spans.map(spanText).join('');
    case 'pre':
      return block.text;
    case 'output':
      return markOutput(block.lines).join('\n');
  }
}

const spanText = (span: Span): string => {
  if (typeof span === 'string') return span;
  return 'code' in span ? span.code : span.strong;
};

function renderHtml(blocks: readonly Block[]): string {
  let html = '';
  for (const [index, block] of blocks.entries()) {
    const previous = blocks[index - 1];
    if (block.kind === 'line')
      html += `${previous?.kind === 'line' ? '<br>' : ''}${block.spans.map(spanHtml).join('')}`;
    else {
      const text = block.kind === 'pre' ? block.text : block.lines.join('\n');
      html += `<pre><code>${escapeHtml(text)}</code></pre>`;
    }
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
    const cost = costOfBlock(block);
    if (cost > left) return [...blocks.slice(0, index), startOf(block, left - TAGS_COST), CUT];
    left -= cost;
  }
  return blocks;
}

function costOfBlock(block: Block): number {
  const pieces = block.kind === 'line' ? block.spans.map(spanText) : [blockText(block)];
  return pieces.reduce((sum, piece) => sum + costOf(piece) + TAGS_COST, 0);
}

function startOf(block: Block, cost: number): Block {
  const start = takeStart(blockText(block), cost);
  switch (block.kind) {
    case 'line':
      return line(start);
    case 'pre':
      return pre(start);
    case 'output':
      return output(start.split('\n').map((each) => each.slice(OUTPUT_MARK.length)));
  }
}
