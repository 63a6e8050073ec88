import t from 'tap';
import { concludeReport, type Finding } from '../../src/audit/finding.ts';

const verdictOn = (...findings: readonly Finding[]): string =>
  concludeReport({ entries: 1, head: undefined, findings }).verdict;

const TORN: Finding = { kind: 'torn', what: 'entry', bytes: 1 };
const UNCOVERED: Finding = { kind: 'uncovered', from: 1, to: 1 };

t.test(
  'nothing found is intact, what a crash leaves is incomplete, the rest was tampered with',
  async (t) => {
    t.equal(verdictOn(), 'intact');
    t.equal(verdictOn(TORN), 'incomplete');
    t.equal(verdictOn(TORN, UNCOVERED), 'incomplete');
    const tampered: readonly Finding[] = [
      { kind: 'malformed', seq: 1, detail: '' },
      { kind: 'missing', from: 1, to: 1 },
      { kind: 'moved', seq: 1, before: 1 },
      { kind: 'inserted', seq: 1, line: 1 },
      { kind: 'rewritten', from: 1, to: 1 },
      { kind: 'truncated', have: 1, signed: 2 },
      { kind: 'checkpoint', detail: '' },
    ];
    for (const finding of tampered) {
      t.equal(verdictOn(finding), 'tampered', finding.kind);
      t.equal(verdictOn(TORN, finding, UNCOVERED), 'tampered', `${finding.kind} among others`);
    }
  },
);
