import fc from 'fast-check';
import t from 'tap';
import {
  type Block,
  code,
  line,
  output,
  pre,
  renderBlocks,
  type Span,
  strong,
} from '../../src/output/block.ts';
import { MAX_COST } from '../../src/output/cost.ts';
import { anyText } from '../support/hostile-text.ts';

t.test('lines and blocks become text and HTML', async (t) => {
  t.strictSame(
    renderBlocks([
      line('one ', strong('two'), ' ', code('three <3')),
      line("isn't"),
      pre('a & b\n  c'),
      line('after'),
    ]),
    {
      text: "one two three <3\nisn't\na & b\n  c\nafter",
      html: 'one <strong>two</strong> <code>three &lt;3</code><br>isn&#39;t<pre><code>a &amp; b\n  c</code></pre>after',
    },
  );
  t.strictSame(renderBlocks([line('▶ logs'), output(['✓ logs', '', 'exit 0 · entry 7'])]), {
    text: '▶ logs\n│ ✓ logs\n│ \n│ exit 0 · entry 7',
    html: '▶ logs<pre><code>✓ logs\n\nexit 0 · entry 7</code></pre>',
  });
  t.strictSame(renderBlocks([]), { text: '', html: '' });
});

const anySpan: fc.Arbitrary<Span> = fc.oneof(anyText, anyText.map(code), anyText.map(strong));
const anyBlock: fc.Arbitrary<Block> = fc.oneof(
  fc.array(anySpan, { maxLength: 4 }).map((spans) => line(...spans)),
  anyText.map(pre),
  fc.array(anyText, { minLength: 1, maxLength: 3 }).map(output),
);

const unmarked = (block: Block): Block =>
  block.kind === 'output' ? pre(block.lines.join('\n')) : block;

/** The tags in a piece of HTML, and the text between them; throws on what is neither. */
function tokenize(html: string): { tags: string[]; text: string } {
  const tags: string[] = [];
  let text = '';
  for (let at = 0; at < html.length; ) {
    const char = html.charAt(at);
    if (char === '<') {
      const end = html.indexOf('>', at);
      if (end < 0) throw new Error(`a tag that does not end: ${html.slice(at)}`);
      tags.push(html.slice(at + 1, end));
      at = end + 1;
    } else if (char === '&') {
      const end = html.indexOf(';', at);
      const entity = html.slice(at, end + 1);
      const plain = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }[entity];
      if (plain === undefined) throw new Error(`no entity of ours: ${html.slice(at, at + 10)}`);
      text += plain;
      at = end + 1;
    } else {
      if (/[>"']/.test(char)) throw new Error(`not escaped: ${html.slice(at, at + 10)}`);
      text += char;
      at++;
    }
  }
  return { tags, text };
}

const ALLOWED = ['pre', '/pre', 'code', '/code', 'br', 'strong', '/strong'];

t.test('no tag is ever in the HTML but our own, closed in order, without attributes', async (t) => {
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 6 }), (blocks) => {
      const { html } = renderBlocks(blocks);
      const { text } = renderBlocks(blocks.map(unmarked));
      const { tags, text: shown } = tokenize(html);
      const open: string[] = [];
      for (const tag of tags) {
        if (!ALLOWED.includes(tag)) throw new Error(`<${tag}>`);
        if (tag === 'br') continue;
        if (!tag.startsWith('/')) open.push(tag);
        else if (open.pop() !== tag.slice(1)) throw new Error(`</${tag}> closes nothing`);
      }
      return open.length === 0 && shown.replaceAll('\n', '') === text.replaceAll('\n', '');
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

t.test('a message never outgrows an event, and says so when it was cut', async (t) => {
  const much: readonly (readonly Block[])[] = [
    [pre(`'"<&`.repeat(50_000))],
    [pre('世界'.repeat(50_000))],
    [line('x'.repeat(50_000))],
    [line(strong('"'.repeat(50_000)), code('tail'))],
    Array.from({ length: 5000 }, (_, i) => line(`line ${i} `, code('x'))),
    [line('title'), pre('y'.repeat(50_000)), line('end')],
    [output(['y'.repeat(50_000)])],
    [output(Array.from({ length: 50_000 }, () => ''))],
  ];
  for (const blocks of much) {
    const { text, html } = renderBlocks(blocks);
    t.match(text, /\n… there is more, but a message does not hold it\.$/);
    // Everything twice in an edit, in base64 after encryption, and room for what stands around it.
    const event = (2 * Buffer.byteLength(JSON.stringify([text, html])) * 4) / 3 + 6000;
    t.ok(event < 65_536, `${event} bytes`);
    t.ok(text.length > MAX_COST / 20, 'and it is well filled');
    tokenize(html);
  }
  const kept = renderBlocks([line('title'), pre('y'.repeat(50_000)), line('end')]).text;
  t.match(kept, /^title\ny+\n… there is more/);
});

t.test('half a character that a cut would leave is not left', async (t) => {
  t.ok(renderBlocks([pre(`x${'👍'.repeat(50_000)}`)]).text.isWellFormed());
});
