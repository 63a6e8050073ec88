import t from 'tap';
import { parseAsk, parseFrame, parseReply } from '../../src/control/wire.ts';

t.test('a question is of exactly one shape', async (t) => {
  t.hasStrict(parseAsk('{"v":1,"verb":"say","fields":{"text":"status web"}}'), {
    ok: true,
    value: { verb: 'say', fields: { text: 'status web' } },
  });
  const BAD: readonly string[] = [
    '',
    'say',
    '[]',
    'null',
    '{"v":2,"verb":"say","fields":{}}',
    '{"v":1,"verb":"Say","fields":{}}',
    '{"v":1,"verb":"say"}',
    '{"v":1,"verb":"say","fields":[]}',
    '{"v":1,"verb":"say","fields":{"text":1}}',
    '{"v":1,"verb":"say","fields":{"text":"\\ud800"}}',
    '{"v":1,"verb":"say","fields":{"__proto__":"x"}}',
    '{"v":1,"verb":"say","fields":{},"uid":0}',
  ];
  for (const line of BAD) t.equal(parseAsk(line).ok, false, line);
});

t.test('what is no reply or frame is nothing', async (t) => {
  t.strictSame(parseReply('{"kind":"proven"}'), { kind: 'proven', answer: undefined });
  t.strictSame(parseReply('{"kind":"proven","answer":"a"}'), { kind: 'proven', answer: 'a' });
  t.equal(parseReply('{"kind":"proven","answer":1}'), undefined);
  t.strictSame(parseReply('{"kind":"answer","text":null}'), { kind: 'answer', text: null });
  for (const line of ['{"kind":"answer"}', '{"kind":"answer","text":1}', '{"kind":"end"}', '{'])
    t.equal(parseReply(line), undefined, line);
  t.strictSame(parseFrame('{"kind":"end","code":7}'), { kind: 'end', code: 7 });
  const path = '{"kind":"challenge","name":"../../../etc/cron.d/x"}';
  for (const line of [
    path,
    '{"kind":"end","code":256}',
    '{"kind":"end","code":-1}',
    '{"kind":"x"}',
  ])
    t.equal(parseFrame(line), undefined, line);
});

t.test('output is of a run where the daemon says so, and of nothing else', async (t) => {
  const OF: readonly (readonly [said: string, of: 'run' | undefined])[] = [
    ['', undefined],
    [',"of":"run"', 'run'],
    [',"of":"Run"', undefined],
    [',"of":["run"]', undefined],
    [',"of":true', undefined],
    [',"later":"run"', undefined],
  ];
  for (const [said, of] of OF)
    t.strictSame(parseFrame(`{"kind":"output","text":"x"${said}}`), {
      ...{ kind: 'output', text: 'x', of },
    });
  t.strictSame(parseFrame('{"kind":"note","text":"x","of":"run"}'), { kind: 'note', text: 'x' });
  t.equal(parseFrame('{"kind":"output","of":"run"}'), undefined);
});
