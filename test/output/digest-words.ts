import fc from 'fast-check';
import t from 'tap';
import { renderDigestWords } from '../../src/output/digest-words.ts';

t.test('the words are those of the paper (arXiv:0901.4016, section 3)', async (t) => {
  const rest = '0'.repeat(48);
  // 127.0.0.1 and 63.84.220.193
  t.equal(renderDigestWords(`7f0000013f54dcc1${rest}`), 'lusab-babad-gutih-tugad');
});

t.test('two digests that differ in their first 64 bits have different words', async () => {
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
  fc.assert(
    fc.property(digest, digest, (a, b) => {
      const same = a.slice(0, 16) === b.slice(0, 16);
      return (renderDigestWords(a) === renderDigestWords(b)) === same;
    }),
  );
});
