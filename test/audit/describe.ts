import t from 'tap';
import { describeEntry, describeFinding } from '../../src/audit/describe.ts';
import type { Finding } from '../../src/audit/finding.ts';
import { actorOf } from '../../src/request/entries.ts';
import { trusted } from '../support/requests.ts';

const SAID: readonly (readonly [Finding, string])[] = [
  [{ kind: 'malformed', seq: 3, detail: 'is not JSON' }, 'entry 3 was edited: it is not JSON'],
  [{ kind: 'missing', from: 3, to: 3 }, 'entry 3 is missing'],
  [{ kind: 'missing', from: 3, to: 5 }, 'entries 3 to 5 are missing'],
  [{ kind: 'moved', seq: 3, before: 9 }, 'entry 3 was moved: it stands where entry 9 should'],
  [{ kind: 'inserted', seq: 3, line: 8 }, 'line 8 was put in: there is an entry 3 already'],
  [
    { kind: 'rewritten', from: 3, to: 5 },
    'entries 3 to 5 were edited: not what the signed checkpoint covers',
  ],
  [{ kind: 'truncated', have: 3, signed: 5 }, 'the log ends after 3 entries; 5 were signed'],
  [{ kind: 'checkpoint', detail: 'there is none' }, 'checkpoint: there is none'],
  [{ kind: 'uncovered', from: 3, to: 3 }, 'entry 3 is not covered by a checkpoint yet'],
  [{ kind: 'torn', what: 'entry', bytes: 7 }, '7 bytes of an unfinished entry at the end'],
  [
    { kind: 'torn', what: 'checkpoint', bytes: 7 },
    '7 bytes of an unfinished checkpoint at the end',
  ],
];

t.test('every finding is one sentence that says where', async (t) => {
  for (const [finding, text] of SAID) t.equal(describeFinding(finding), text);
});

t.test('an entry is one line: number, time, type, and its facts as they are', async (t) => {
  const line = describeEntry({
    ...{ v: 1, seq: 12, ts: '2026-01-05T10:00:00.000Z', boot: 'b' },
    ...{ type: 'start', request: 'AAAA-AA', digest: 'd', argv: ['/x', 'a b'] },
  });
  t.equal(
    line,
    '    12  2026-01-05T10:00:00.000Z  start          request=AAAA-AA  digest=d  argv=["/x","a b"]',
  );
});

t.test('of what has many parts, the one that names it is shown', async (t) => {
  const line = describeEntry({
    ...{ v: 1, seq: 3, ts: 'T', boot: 'b', type: 'approval', request: 'AAAA-AA' },
    ...{ digest: 'ab'.repeat(32), actor: actorOf(trusted()) },
    evidence: { kind: 'totp', step: 5 },
  });
  t.equal(
    line,
    '     3  T  approval       request=AAAA-AA  digest=abababababab…  actor=alice  evidence=totp',
  );
});
