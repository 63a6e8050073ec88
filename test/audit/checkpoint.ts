import fc from 'fast-check';
import t from 'tap';
import { formatCheckpoint, parseCheckpoint } from '../../src/audit/checkpoint.ts';
import { must } from '../support/ids.ts';

const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';

t.test('the example of tlog-checkpoint.md is read field by field', async (t) => {
  const text = `example.com/behind-the-sofa\n20852163\n${ROOT}\n`;
  const checkpoint = must(parseCheckpoint(text));
  t.hasStrict(checkpoint, { origin: 'example.com/behind-the-sofa', size: 20852163 });
  t.equal(Buffer.from(checkpoint.root).toString('base64'), ROOT);
  t.equal(formatCheckpoint(checkpoint), text);
});

t.test('a text that is not exactly a checkpoint is refused', async (t) => {
  const broken = [
    '',
    '\n',
    `\n1\n${ROOT}\n`,
    `o\n1\n${ROOT}`,
    `o\n1\n${ROOT}\n\n`,
    `o\n1\n${ROOT}\nextension\n`,
    `o\n\n${ROOT}\n`,
    `o\n-1\n${ROOT}\n`,
    `o\n01\n${ROOT}\n`,
    `o\n1.0\n${ROOT}\n`,
    `o\n1e3\n${ROOT}\n`,
    `o\n 1\n${ROOT}\n`,
    `o\n１\n${ROOT}\n`,
    `o\n9007199254740993\n${ROOT}\n`,
    'o\n1\n\n',
    `o\n1\n${ROOT.slice(0, -1)}\n`,
    'o\n1\nAAAA\n',
    `o\n1\n${ROOT.replace('+', '-').replace('/', '_')}\n`,
    `o\n1\n${ROOT}\r\n`,
  ];
  for (const text of broken) t.notOk(parseCheckpoint(text).ok, JSON.stringify(text));
});

t.test('every checkpoint is read back, and no other text is', async (t) => {
  const checkpoint = fc.record({
    origin: fc.stringMatching(/^[a-z./]{1,30}$/),
    size: fc.nat(),
    root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  });
  fc.assert(
    fc.property(checkpoint, (checkpoint) => {
      const text = formatCheckpoint(checkpoint);
      return formatCheckpoint(must(parseCheckpoint(text))) === text;
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('\n', 'o', '1', '=', 'A') }), (text) => {
      const parsed = parseCheckpoint(text);
      return !parsed.ok || formatCheckpoint(parsed.value) === text;
    }),
  );
  t.pass();
});
