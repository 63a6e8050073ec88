import t from 'tap';
import { leadingLink } from '../../src/matrix/mention.ts';
import { cpuCost } from '../support/cpu.ts';

const found = (text: string) => ({ user: '@bot:example.org', text });
const PAGE = 'https://matrix.to/#/@bot:example.org';

t.test('the link with which a message begins, as clients write it', async (t) => {
  const forms: readonly (readonly [string, string?])[] = [
    [`<a href="${PAGE}">Ops</a>: status`],
    [`<a href='${PAGE}'>Ops</a> status`],
    [`<p><a href="${PAGE}">Ops</a> status</p>`],
    [` <div class="x"><p><A data-mention-type="user" HREF="${PAGE}" target="_blank"> Ops </A>`],
    [`<a href="${PAGE}?via=example.org&amp;via=b">Ops</a>`],
    ['<a href="https://matrix.to/#/%40bot%3Aexample.org">Ops</a>'],
    ['<a href="matrix:u/bot:example.org?action=chat">Ops</a>'],
    ['<a href="matrix:user/bot%3Aexample.org">Ops</a>'],
    [`<a href="${PAGE}">A &amp; &#39;B&#39; &lt;3 &unknown;</a>`, "A & 'B' <3 &unknown;"],
  ];
  for (const [html, text = 'Ops'] of forms) t.strictSame(leadingLink(html), found(text), html);
});

t.test('no other link is one', async (t) => {
  for (const html of [
    '',
    'Ops: status',
    `status <a href="${PAGE}">Ops</a>`,
    `<b>status</b> <a href="${PAGE}">Ops</a>`,
    `<a href="${PAGE}"><b>Ops</b></a>`,
    `<a title="${PAGE}">Ops</a>`,
    '<a href="https://example.org/#/@bot:example.org">Ops</a>',
    '<a href="https://matrix.to/#/!room:example.org">Ops</a>',
    '<a href="https://matrix.to/#/@bot">Ops</a>',
    '<a href="https://matrix.to/#/@%ff:example.org">Ops</a>',
    '<a href="matrix:r/bot:example.org">Ops</a>',
  ])
    t.equal(leadingLink(html), undefined, html);
});

t.test('a long message without one costs no more than its length', async (t) => {
  const parts = [
    '<p>',
    '<p ',
    ' ',
    '<a ',
    '<a href="',
    "<a href='",
    " href=''",
    ' href = ',
    'a',
    '>',
  ];
  const cost = await cpuCost(() => {
    for (const start of ['', '<a ', '<a href="', '<p><a '])
      for (const part of parts)
        t.equal(leadingLink(start + part.repeat(65_000 / part.length)), undefined);
  });
  t.ok(cost < 100, `${cost} units`);
});
