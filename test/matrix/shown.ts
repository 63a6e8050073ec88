/** What people may see of an event, whatever their client makes of it. */
import t from 'tap';
import { shownOf } from '../../src/matrix/shown.ts';
import { cpuCost } from '../support/cpu.ts';

t.test('every text of a content is shown, wherever it stands', async (t) => {
  for (const [content, shown] of [
    [{ msgtype: 'm.text', body: 'hi' }, ['hi']],
    [{ body: 'photo', filename: '12.png' }, ['photo', '12.png', 'photo\n12.png']],
    [
      { body: '* a', 'm.new_content': { body: 'a', formatted_body: '<i>b</i>' } },
      ['* a', 'a', 'b', '* a\na\nb', '<i>b</i>', '* a\na\n<i>b</i>'],
    ],
    [
      { question: { body: 'q' }, answers: [{ id: '1', text: 'x' }, { text: 'y' }] },
      ['q', '1', 'x', 'y', 'q\n1\nx\ny'],
    ],
    [
      { answers: ['<b>49</b>', '2039'] },
      ['49', '2039', '49\n2039', '<b>49</b>', '<b>49</b>\n2039'],
    ],
    ['&#xD800;', ['\ufffd', '&#xD800;']],
    [{ 'org.matrix.msc1767.text': [{ body: 'modern' }] }, ['modern']],
    ['half a \ud83d!', ['half a \ufffd!']],
    [{ body: 7, deep: [null, true] }, []],
    [{ 'm.relates_to': { rel_type: 'm.annotation', event_id: '$1', key: '492039' } }, ['492039']],
    [{ body: '!otp <492039>' }, ['!otp ', '!otp <492039>']],
    [undefined, []],
  ] as const)
    t.strictSame(shownOf(content), shown, JSON.stringify(content));
});

t.test('what names a file, a place or another event says nothing', async (t) => {
  const named = { url: 'mxc://a/1', info: { h: '2' }, file: { key: '3' }, geo_uri: 'geo:4,5' };
  const relates = {
    'm.relates_to': { rel_type: 'm.thread', event_id: '$6', 'm.in_reply_to': { event_id: '$8' } },
    'm.mentions': { user_ids: ['@7:x'] },
  };
  t.strictSame(shownOf({ body: 'hi', ...named, ...relates }), ['hi']);
});

t.test('formatting hides nothing', async (t) => {
  for (const [formatted_body, shown] of [
    ['<b>49</b>20<i>39</i>', '492039'],
    ['<font color="#0a1b2c">49</font>2039', '492039'],
    ['&#52;&#0000000057;&#x32;&#x000030;&#51;&#57', '492039'],
    ['<img src="mxc://a/1" alt="492039">', '"492039"'],
    ["<a href='x' title='492039'>x</a>", "'492039'x"],
    ['<ol start=492039><li>x</li></ol>', '492039x'],
    ['<<x>', '<'],
  ] as const)
    t.strictSame(shownOf({ formatted_body }), [shown, formatted_body], formatted_body);
});

t.test('what a browser does not show hides nothing that stands beside it', async (t) => {
  for (const formatted_body of [
    '492<span data-x=">7">039</span>',
    "492<span data-x = '>7'>039</span>",
    '492<!-- > 7 -->039',
    '492<!-->039',
    '492<!-- a --><!-- > 7 -->039',
    '492<style>a > b { x: 1 }</style>039',
    '492<STYLE class="1">7<b>8</STYLE>039',
    '492<mx-reply>7</mx-reply>039',
    '&#52;92<b title="">039</b><style>7',
    '492039<span data-x=">7',
    '492039<!-- 7 >',
  ])
    t.ok(
      shownOf({ formatted_body }).some((text) => text.replace('""', '') === '492039'),
      formatted_body,
    );
  const [simple, parsed, raw] = shownOf('<img alt="4>9" x=">">a < b');
  t.strictSame(
    [simple, parsed, raw],
    ['9" x=">">a < b', '"4>9"a < b', '<img alt="4>9" x=">">a < b'],
  );
});

t.test('a tag that turns a text round is the character that does', async (t) => {
  for (const [formatted_body, shown] of [
    ['<bdo dir="rtl">930294</bdo>!', '\u202e930294\u202c!'],
    ['<BDO DIR=RTL>930294</BDO>', '\u202e930294\u202c'],
    ["<div dir='rtl'>039 492</div>", '\u202e039 492'],
    ['<bdi dir="ltr">492</bdi>', '492'],
  ] as const)
    t.strictSame(shownOf({ formatted_body }), [shown, formatted_body], formatted_body);
});

t.test('however odd the markup is, reading it costs little', async (t) => {
  const odd = ['<a', '>', '="', "='", '<!--', '<style>', "alt='", '&#x5'];
  for (const one of odd)
    for (const other of odd) {
      const text = `${one}${other}`;
      const body = `<${text.repeat(65_536 / text.length)}`;
      const cost = await cpuCost(() => shownOf({ body }));
      if (cost > 100) t.fail(`${JSON.stringify(text)}: ${cost} units`);
    }
  t.pass();
});

t.test('what is very long, wide or deep is looked at in no time, as far as it goes', async (t) => {
  t.strictSame(shownOf({ body: '<'.repeat(60_000) }), ['<'.repeat(60_000)]);
  t.strictSame(shownOf({ body: '&#9999999;&#x110000;' }), ['&#9999999;&#x110000;']);
  let deep: unknown = 'deep';
  for (let depth = 0; depth < 5000; depth++) deep = [deep];
  t.strictSame(shownOf(deep), []);
  const wide = shownOf({ list: Array.from({ length: 9000 }, () => 'x') });
  t.strictSame(wide, ['x', Array(998).fill('x').join('\n')]);
});
