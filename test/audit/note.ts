import fc from 'fast-check';
import t from 'tap';
import {
  formatNote,
  formatVerifierKey,
  isKeyName,
  openNote,
  parseVerifierKey,
  type Signer,
} from '../../src/audit/note.ts';
import { verifySignature } from '../../src/store/keys.ts';
import { must } from '../support/ids.ts';
import { otherSigner, signer } from '../support/signer.ts';

// The example of C2SP signed-note.md.
const KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

const open = (note: string, key = must(parseVerifierKey(KEY))) =>
  openNote(note, key, verifySignature);

t.test('the published example opens', async (t) => {
  t.strictSame(open(NOTE), {
    ok: true,
    value: { text: 'This is an example message.\n', signedBy: 'example.com/foo' },
  });
});

t.test('no byte of it can be another one', async (t) => {
  const bytes = Buffer.from(NOTE);
  for (let at = 0; at < bytes.length; at++) {
    const edited = Buffer.from(bytes);
    edited[at] = (edited[at] ?? 0) ^ 1;
    t.notOk(open(edited.toString('utf8')).ok, `byte ${at}`);
  }
});

t.test('a verifier key is read back as it was printed', async (t) => {
  t.equal(formatVerifierKey(must(parseVerifierKey(KEY))), KEY);
  t.same(must(parseVerifierKey(formatVerifierKey(signer))).publicKey, signer.publicKey);
});

t.test('a text that is no Ed25519 verifier key is refused', async (t) => {
  const broken = [
    '',
    'example.com/foo',
    KEY.slice(0, -4),
    `${KEY}=`,
    ` ${KEY}`,
    KEY.replace('530d903a', '530d903b'),
    KEY.replace('530d903a', '530D903A'),
    KEY.replace('example.com/foo', 'example.com/fop'),
    KEY.replace('example.com/foo', 'example com'),
    KEY.replace('Aeky', 'Beky'),
    KEY.replace('/', '+'),
  ];
  for (const text of broken) t.notOk(parseVerifierKey(text).ok, text);
});

t.test('what one key signed, that key opens and no other', async (t) => {
  const note = formatNote('origin\n5\nroot\n', signer);
  t.hasStrict(open(note, signer), { ok: true, value: { text: 'origin\n5\nroot\n' } });
  t.hasStrict(open(note, otherSigner), { ok: false, error: 'is not signed by test.example/log' });
});

t.test('signatures of others are left alone, wherever they stand', async (t) => {
  const note = formatNote('text\n', signer);
  const [text = '', signature = ''] = note.split('\n\n');
  const witness = '— witness.example AAAAAGFueXRoaW5n';
  for (const lines of [`${witness}\n${signature}`, `${signature}${witness}\n`])
    t.ok(open(`${text}\n\n${lines}`, signer).ok);
  t.ok(open(`${formatNote('text\n', otherSigner).slice(0, -1)}\n${signature}`, signer).ok);
});

t.test('a bad signature is a refusal even beside a good one', async (t) => {
  const good = formatNote('text\n', signer).split('\n\n')[1] ?? '';
  const bad = formatNote('other\n', signer).split('\n\n')[1] ?? '';
  t.match(open(`text\n\n${bad}${good}`, signer), { ok: false, error: /bad signature/ });
});

t.test('a signature line that is not one spoils the note', async (t) => {
  const good = formatNote('text\n', signer);
  for (const line of ['', '—', '— name', '— name AAAA', 'x name AAAAAAAA', '— a b c', '— n *'])
    t.match(open(`${good}${line}\n`, signer), { ok: false }, JSON.stringify(line));
});

t.test('a text that could be read in two ways is not signed', async (t) => {
  for (const text of ['', 'no newline', 'bell\u0007\n', 'carriage\r\n', 'c1\u0085\n', 'nul\0\n'])
    t.throws(() => formatNote(text, signer), RangeError, JSON.stringify(text));
});

t.test('the name of a key has neither spaces nor plus signs', async (t) => {
  t.ok(isKeyName('log.example.org/a-b_c'));
  for (const name of ['', 'a b', 'a+b', 'a\n', '\u00a0', 'a\u2003b']) t.notOk(isKeyName(name));
});

t.test('text with blank lines is opened whole', async (t) => {
  const text = 'one\n\ntwo\n\n\nthree\n';
  t.hasStrict(open(formatNote(text, signer), signer), { ok: true, value: { text } });
});

t.test('only what was signed opens, whatever else is tried', async (t) => {
  const never: Signer = { ...signer, sign: () => new Uint8Array(64) };
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, noise) => {
      const forged = `${text}\n\n— ${signer.name} ${noise}\n`;
      return !open(forged, signer).ok && !open(text, signer).ok;
    }),
  );
  t.notOk(open(formatNote('text\n', never), signer).ok);
});
