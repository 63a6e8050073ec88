/**
 * What the bot says, as data: lines of spans and blocks of preformatted text. Printed once as plain
 * text and once as HTML, with the escaping in one place. The HTML is of the subset that every Matrix
 * client shows, and holds no link and no image.
 */

export type Span = string | { readonly code: string } | { readonly strong: string };

export type Block =
  | { readonly kind: 'line'; readonly spans: readonly Span[] }
  | { readonly kind: 'pre'; readonly text: string };

export interface Rendered {
  readonly text: string;
  readonly html: string;
}

export const line = (...spans: readonly Span[]): Block => ({ kind: 'line', spans });
export const pre = (text: string): Block => ({ kind: 'pre', text });
export const code = (text: string): Span => ({ code: text });
export const strong = (text: string): Span => ({ strong: text });

export function renderBlocks(blocks: readonly Block[]): Rendered {
  return {
    text: blocks
      .map((b) => (b.kind === 'pre' ? b.text : b.spans.map(spanText).join('')))
      .join('\n'),
    html: renderHtml(blocks),
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

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
