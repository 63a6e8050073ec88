import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import {
  digestOfEnrolment,
  digestOfPasskey,
  makeChallenge,
  type Purpose,
} from '../../src/stepup/challenge.ts';

const DIGEST = 'd'.repeat(64);
const NONCE = Buffer.alloc(16, 7);
const PURPOSES: readonly Purpose[] = ['stepup', 'approval', 'denial', 'enrolment'];
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

t.test('a challenge is a hash over what it is for, which nonce and which digest', async (t) => {
  const by = createHash('sha256')
    .update('\x13vaktrom/webauthn/v1')
    .update('\x06stepup')
    .update(Buffer.concat([Buffer.of(16), NONCE]))
    .update(Buffer.concat([Buffer.of(32), Buffer.alloc(32, 0xdd)]))
    .digest('hex');
  t.equal(hex(makeChallenge('stepup', NONCE, DIGEST)), by);
});

t.test('what is signed for one thing is worth nothing for another', async (t) => {
  const challenges = [
    ...PURPOSES.map((purpose) => makeChallenge(purpose, NONCE, DIGEST)),
    makeChallenge('stepup', Buffer.alloc(16, 8), DIGEST),
    makeChallenge('stepup', NONCE, 'e'.repeat(64)),
    makeChallenge('stepup', NONCE, digestOfEnrolment('alice')),
    makeChallenge('stepup', NONCE, digestOfPasskey('alice', { id: 'a', key: 'k' })),
  ];
  t.equal(new Set(challenges.map(hex)).size, challenges.length);
});

t.test('nothing slips from one part of it into the next', async () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const parts = fc.tuple(fc.constantFrom(...PURPOSES), bytes, bytes);
  fc.assert(
    fc.property(parts, parts, ([p1, n1, d1], [p2, n2, d2]) => {
      const same = p1 === p2 && hex(n1) === hex(n2) && hex(d1) === hex(d2);
      const challenge = hex(makeChallenge(p1, n1, hex(d1)));
      return (challenge === hex(makeChallenge(p2, n2, hex(d2)))) === same;
    }),
  );
  const moved = fc.tuple(bytes, fc.nat(40));
  fc.assert(
    fc.property(moved, moved, ([all, at], [, other]) => {
      const split = (i: number) =>
        hex(makeChallenge('stepup', all.subarray(0, i), hex(all.subarray(i))));
      const [a, b] = [Math.min(at, all.length), Math.min(other, all.length)];
      return (split(a) === split(b)) === (a === b);
    }),
  );
});

t.test('a passkey is its person, its name and its key', async (t) => {
  const digests = [
    digestOfPasskey('alice', { id: 'a', key: 'k' }),
    digestOfPasskey('bob', { id: 'a', key: 'k' }),
    digestOfPasskey('alice', { id: 'b', key: 'k' }),
    digestOfPasskey('alice', { id: 'a', key: 'l' }),
    digestOfPasskey('alice', { id: 'ak', key: '' }),
    digestOfEnrolment('alice'),
    digestOfEnrolment('bob'),
  ];
  t.equal(new Set(digests).size, digests.length);
  for (const digest of digests) t.match(digest, /^[0-9a-f]{64}$/);
});
