/** What names a message that was refused, for as long as the log is kept. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { fingerprintsOf } from '../../src/trust/fingerprints.ts';
import { event, room } from '../support/ids.ts';
import { ALICE, BOB, message, OPS, SESSION, sighting, unreadable } from '../support/sightings.ts';

const print = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');

const AS_READ = {
  event: print(`event\n${OPS}\n$command`),
  account: print(`account\n${OPS}\n${ALICE}`),
  sealed: [
    print(`signature\n${OPS}\nsignature of sealed`),
    print(`text\n${OPS}\n${ALICE}\ntext of sealed`),
    print(`position\n${OPS}\n${ALICE}\n${SESSION}\n7`),
  ],
};

t.test('a message has the same fingerprints before and after it can be read', async (t) => {
  t.strictSame(fingerprintsOf(sighting()), AS_READ);
  t.strictSame(fingerprintsOf(sighting({ seen: unreadable() })), AS_READ);
});

t.test(
  'what is at no position has none of it, and what is in clear has no ciphertext',
  async (t) => {
    const seen = unreadable('damaged', { index: undefined });
    t.strictSame(fingerprintsOf(sighting({ seen })).sealed, AS_READ.sealed.slice(0, 2));
    const clear = sighting({ seen: { kind: 'clear', message: message('!x') } });
    t.strictSame(fingerprintsOf(clear), { ...AS_READ, sealed: [] });
  },
);

t.test('another room shares none of them, and another sender only the signature', async (t) => {
  const elsewhere = fingerprintsOf(sighting({ room: room('!other:example.org') }));
  const all = new Set([AS_READ.event, AS_READ.account, ...AS_READ.sealed]);
  t.strictSame(
    [elsewhere.event, elsewhere.account, ...elsewhere.sealed].filter((one) => all.has(one)),
    [],
  );
  const other = fingerprintsOf(sighting({ sender: BOB, event: event('$other') }));
  t.strictSame(
    [other.event, other.account, ...other.sealed].filter((one) => all.has(one)),
    [AS_READ.sealed[0]],
  );
});
