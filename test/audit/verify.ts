/**
 * The attacks that somebody with write access to the files can make, and what the verification says of
 * each: that something is wrong, and where.
 */
import t, { type Test } from 'tap';
import { describeFinding } from '../../src/audit/describe.ts';
import type { Report } from '../../src/audit/finding.ts';
import { formatNote } from '../../src/audit/note.ts';
import { type Piece, verifyLog } from '../../src/audit/verify.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { verifySignature } from '../../src/store/keys.ts';
import { otherSigner, signer } from '../support/signer.ts';
import { lineOf, lines, noteOver, notesOver } from '../support/small-log.ts';

type Text = string | Uint8Array;

interface Files {
  readonly log: readonly Text[];
  readonly notes: readonly Text[];
  /** Behind the last newline of the log, and behind the last note. */
  readonly torn?: string;
  readonly tornNote?: string;
}

async function* pieces(whole: readonly Text[], torn = ''): AsyncIterable<Piece> {
  for (const text of whole)
    yield { bytes: typeof text === 'string' ? utf8(text) : text, complete: true };
  if (torn !== '') yield { bytes: utf8(torn), complete: false };
}

const verify = ({ log, notes, torn, tornNote }: Files, key = signer): Promise<Report> =>
  verifyLog({ lines: pieces(log, torn), notes: pieces(notes, tornNote) }, key, verifySignature);

/** Ten entries; checkpoints over none, three, four, seven and all of them. */
const LOG = lines(10);
const SIZES = [0, 3, 4, 7, 10];
const NOTES = notesOver(LOG, SIZES);
const GOOD = { log: LOG, notes: NOTES };

const without = <T>(list: readonly T[], at: number, count = 1) => list.toSpliced(at, count);
const withAt = <T>(list: readonly T[], at: number, ...more: T[]) => list.toSpliced(at, 0, ...more);
const EVIL = lineOf(5, { type: 'shutdown', reason: 'nothing to see here' });

t.test('an untouched log is intact', async (t) => {
  const report = await verify(GOOD);
  t.hasStrict(report, { verdict: 'intact', entries: 10, findings: [], head: { size: 10 } });
  t.hasStrict(await verify({ log: [], notes: NOTES.slice(0, 1) }), {
    verdict: 'intact',
    entries: 0,
  });
});

/** What was done, and what has to be said of it, word for word. */
const ATTACKS: Readonly<Record<string, readonly [Files, ...string[]]>> = {
  'an entry edited': [
    { ...GOOD, log: LOG.with(5, EVIL) },
    'entries 4 to 6 were edited: not what the signed checkpoint covers',
  ],
  'the only entry of a commit edited': [
    { ...GOOD, log: LOG.with(3, lineOf(3, { type: 'shutdown', reason: 'x' })) },
    'entry 3 was edited: not what the signed checkpoint covers',
  ],
  'an entry edited into something else': [
    { ...GOOD, log: LOG.with(5, 'rm -rf /') },
    'entry 5 was edited: it is not JSON',
  ],
  'an entry respelled': [
    { ...GOOD, log: LOG.with(5, `${LOG[5]} `) },
    'entry 5 was edited: it is not canonical JSON',
  ],
  'an entry made longer than an entry can be': [
    { ...GOOD, log: LOG.with(5, 'x'.repeat(70_000)) },
    'entry 5 was edited: it is longer than an entry can be',
  ],
  'an entry emptied': [{ ...GOOD, log: LOG.with(9, '') }, 'entry 9 was edited: it is not JSON'],
  'an entry deleted': [{ ...GOOD, log: without(LOG, 5) }, 'entry 5 is missing'],
  'entries deleted': [{ ...GOOD, log: without(LOG, 2, 3) }, 'entries 2 to 4 are missing'],
  'an entry deleted and the rest numbered anew': [
    { ...GOOD, log: [...LOG.slice(0, 5), ...lines(9).slice(5)] },
    'the log ends after 9 entries; 10 were signed',
  ],
  'two entries swapped': [
    { ...GOOD, log: LOG.with(5, LOG[6] ?? '').with(6, LOG[5] ?? '') },
    'entry 5 was moved: it stands where entry 7 should',
  ],
  'two entries swapped, and their numbers too': [
    { ...GOOD, log: LOG.with(5, lineOf(5, { type: 'shutdown', reason: 'r6' })) },
    'entries 4 to 6 were edited: not what the signed checkpoint covers',
  ],
  'an entry moved to the front': [
    { ...GOOD, log: withAt(without(LOG, 8), 0, LOG[8] ?? '') },
    ...Array.from({ length: 8 }, (_, n) => `entry ${n} was moved: it stands where entry 9 should`),
  ],
  'an entry put in a second time': [
    { ...GOOD, log: withAt(LOG, 6, LOG[2] ?? '') },
    'line 7 was put in: there is an entry 2 already',
  ],
  'an entry put in, and the rest numbered anew': [
    { ...GOOD, log: [...LOG.slice(0, 5), EVIL, ...lines(11).slice(6)] },
    'entries 4 to 6 were edited: not what the signed checkpoint covers',
  ],
  'the end cut off': [
    { ...GOOD, log: LOG.slice(0, 8) },
    'the log ends after 8 entries; 10 were signed',
  ],
  'everything cut off': [{ ...GOOD, log: [] }, 'the log ends after 0 entries; 10 were signed'],
  'the log rolled back and grown again': [
    {
      ...GOOD,
      log: [
        ...LOG.slice(0, 4),
        ...lines(10)
          .slice(4)
          .map((l) => l.replace('r', 's')),
      ],
    },
    'entries 4 to 6 were edited: not what the signed checkpoint covers',
  ],
  'a checkpoint edited': [
    { ...GOOD, notes: NOTES.with(2, (NOTES[2] ?? '').replace('\n4\n', '\n5\n')) },
    'checkpoint: number 3 has a bad signature of test.example/log',
  ],
  'the last checkpoint edited': [
    { ...GOOD, notes: NOTES.with(4, (NOTES[4] ?? '').replace('\n10\n', '\n9\n')) },
    'checkpoint: number 5 has a bad signature of test.example/log',
    'entries 7 to 9 are not covered by a checkpoint yet',
  ],
  'an older checkpoint put at the end': [
    { ...GOOD, notes: [...NOTES, NOTES[2] ?? ''] },
    'checkpoint: number 6 does not go further than the one before it',
  ],
  'checkpoints swapped': [
    { ...GOOD, notes: NOTES.with(2, NOTES[3] ?? '').with(3, NOTES[2] ?? '') },
    'checkpoint: number 4 does not go further than the one before it',
  ],
  'a checkpoint that is not one': [
    { ...GOOD, notes: withAt(NOTES, 1, 'hello\n') },
    'checkpoint: number 2 is not a signed note',
  ],
  'checkpoints of a log of the same name, with another key': [
    { ...GOOD, notes: SIZES.map((size) => noteOver(LOG, size, otherSigner)) },
    ...[1, 2, 3, 4, 5].map((n) => `checkpoint: number ${n} is not signed by test.example/log`),
    'checkpoint: there is none that counts',
  ],
  'log and checkpoints made anew with another key': [
    {
      log: LOG.with(5, EVIL),
      notes: [noteOver(LOG.with(5, EVIL), 10, otherSigner)],
    },
    'checkpoint: number 1 is not signed by test.example/log',
    'checkpoint: there is none that counts',
  ],
  'checkpoints of another log, signed with the same key': [
    { ...GOOD, notes: [noteOver(LOG, 10, signer, { origin: 'else.example/log' })] },
    'checkpoint: number 1 is of another log, else.example/log',
    'checkpoint: there is none that counts',
  ],
  'a good note that is no checkpoint': [
    { ...GOOD, notes: [...NOTES, formatNote('hello\n', signer)] },
    'checkpoint: number 6 is not a checkpoint',
  ],
  'no checkpoints at all': [{ ...GOOD, notes: [] }, 'checkpoint: there is none that counts'],
  // With the stolen key, what is left of the older checkpoints still tells.
  'the log rewritten and its last checkpoint signed again': [
    { log: LOG.with(5, EVIL), notes: NOTES.with(4, noteOver(LOG.with(5, EVIL))) },
    'checkpoint: number 4 is of another history of this log',
  ],
};

const describe = ({ findings }: Report): string[] => findings.map(describeFinding);

for (const [name, [files, ...said]] of Object.entries(ATTACKS))
  t.test(`found and named: ${name}`, async (t) => {
    const report = await verify(files);
    t.equal(report.verdict, 'tampered');
    t.strictSame(describe(report), said);
  });

/** What a crash leaves behind as well: not proof of tampering, and never called intact. */
const UNFINISHED: Readonly<Record<string, readonly [Files, ...string[]]>> = {
  'entries without a checkpoint': [
    { ...GOOD, notes: NOTES.slice(0, 4) },
    'entries 7 to 9 are not covered by a checkpoint yet',
  ],
  'a torn entry': [{ ...GOOD, torn: '{"boot":' }, '8 bytes of an unfinished entry at the end'],
  'a torn checkpoint': [
    { ...GOOD, notes: NOTES.slice(0, 4), tornNote: 'test.example/log\n10' },
    'entries 7 to 9 are not covered by a checkpoint yet',
    '19 bytes of an unfinished checkpoint at the end',
  ],
  'checkpoints of an earlier state of the same log': [
    { ...GOOD, notes: NOTES.slice(0, 1) },
    'entries 0 to 9 are not covered by a checkpoint yet',
  ],
};

for (const [name, [files, ...said]] of Object.entries(UNFINISHED))
  t.test(`incomplete: ${name}`, async (t) => {
    const report = await verify(files);
    t.equal(report.verdict, 'incomplete');
    t.strictSame(describe(report), said);
  });

t.test('what is torn does not hide what was edited', async (t) => {
  const report = await verify({ ...GOOD, log: without(LOG, 5), torn: 'x', tornNote: 'y' });
  t.equal(report.verdict, 'tampered');
});

t.test('an older copy of both files looks like the log it was: that takes an anchor', async (t) => {
  const older = await verify({ log: LOG.slice(0, 7), notes: NOTES.slice(0, 4) });
  t.hasStrict(older, { verdict: 'intact', head: { size: 7 } });
});

t.test('each sort of single change to the log is found, at every place', async (t) => {
  const seen = async (what: string, files: Files) =>
    t.not((await verify(files)).verdict, 'intact', what);
  for (let at = 0; at < LOG.length; at++) {
    await seen(`entry ${at} deleted`, { ...GOOD, log: without(LOG, at) });
    await seen(`entry ${at} doubled`, { ...GOOD, log: withAt(LOG, at, LOG[at] ?? '') });
    for (let to = 0; to < LOG.length; to++)
      if (to !== at) {
        const moved = withAt(without(LOG, at), to, LOG[at] ?? '');
        await seen(`entry ${at} moved to ${to}`, { ...GOOD, log: moved });
      }
  }
});

t.test('every byte of the log and of its checkpoints counts', async (t) => {
  const small = lines(3);
  const notes = notesOver(small, [0, 1, 3]);
  await everyByte(t, small, (log) => verify({ log, notes }));
  await everyByte(t, notes, (notes) => verify({ log: small, notes }));
});

async function everyByte(
  t: Test,
  texts: readonly Text[],
  verify: (texts: readonly Text[]) => Promise<Report>,
): Promise<void> {
  let count = 0;
  for (const [which, text] of texts.entries()) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at++, count++) {
      const edited = Buffer.from(bytes);
      edited[at] = (edited[at] ?? 0) ^ (1 << (count % 8));
      const { verdict } = await verify(texts.with(which, edited));
      if (verdict !== 'tampered') t.fail(`byte ${at} of number ${which} can be changed unseen`);
    }
  }
  t.ok(count > 200, `${count} bytes`);
}
