import fc from 'fast-check';
import { decodeRecoveryKey, encodeRecoveryKey } from 'matrix-js-sdk/lib/crypto-api/recovery-key.js';
import t from 'tap';
import { formatRecoveryKey, parseRecoveryKey } from '../../src/matrix/recovery-key.ts';

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });

t.test('a key is written as other clients write it, and read back by both', async (t) => {
  fc.assert(
    fc.property(keys, (key) => {
      const written = formatRecoveryKey(key);
      if (written !== encodeRecoveryKey(key as Uint8Array<ArrayBuffer>)) return false;
      const parsed = parseRecoveryKey(` ${written.replaceAll(' ', '')}\n`);
      return parsed.ok && Buffer.compare(parsed.value, decodeRecoveryKey(written)) === 0;
    }),
  );
  t.match(formatRecoveryKey(new Uint8Array(32)), /^(?:[1-9A-HJ-NP-Za-km-z]{4} ){11}/);
});

t.test('one mistyped character is noticed', async (t) => {
  const written = formatRecoveryKey(new Uint8Array(32).fill(7)).replaceAll(' ', '');
  for (let i = 0; i < written.length; i++) {
    const other = written[i] === 'x' ? 'y' : 'x';
    const mistyped = written.slice(0, i) + other + written.slice(i + 1);
    t.notOk(parseRecoveryKey(mistyped).ok, mistyped);
  }
});

t.test('what is no recovery key is refused without being repeated', async (t) => {
  for (const text of ['', 'hello', 'O0Il', 'z'.repeat(5000), 'EsTL', '1'.repeat(48)]) {
    const parsed = parseRecoveryKey(text);
    t.notOk(parsed.ok);
    if (!parsed.ok && text !== '') t.notOk(parsed.error.includes(text));
  }
});
