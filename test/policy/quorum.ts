import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { Factor, Quorum } from '../../src/policy/model.ts';
import { type Approval, shortfall } from '../../src/policy/quorum.ts';
import { bruteShortfall } from './fixtures/quorum.ts';
import { approvals, person, policy, quorums } from './fixtures/world.ts';

const from = (count: number, ...roles: readonly string[]): Quorum => ({
  ...{ count, roles, stepUp: undefined },
});
const by = (name: string, factor?: Factor): Approval => ({
  ...{ person: person(name), pinned: true, factor },
});

const ROLES: Readonly<Record<string, readonly string[]>> = {
  ann: ['sre'],
  ben: ['sre', 'security'],
  cleo: ['security'],
};
const hasRole = (quorum: Quorum, approval: Approval): boolean =>
  quorum.roles.some((role) => ROLES[approval.person]?.includes(role));

t.test('nothing is missing where nothing is asked for', async (t) => {
  t.strictSame(shortfall([], [by('ann')], hasRole), []);
});

t.test('each distinct person fills one seat', async (t) => {
  t.strictSame(shortfall([from(2, 'sre')], [], hasRole), [2]);
  t.strictSame(shortfall([from(2, 'sre')], [by('ann')], hasRole), [1]);
  t.strictSame(shortfall([from(2, 'sre')], [by('ann'), by('ann', 'totp')], hasRole), [1]);
  t.strictSame(shortfall([from(2, 'sre')], [by('ann'), by('ben')], hasRole), [0]);
  t.strictSame(shortfall([from(1, 'sre')], [by('ann'), by('ben')], hasRole), [0]);
});

t.test('who has both roles is one person all the same', async (t) => {
  const both = [from(1, 'sre'), from(1, 'security')];
  t.strictSame(shortfall(both, [by('ben')], hasRole), [0, 1]);
  t.strictSame(shortfall(both, [by('ben'), by('ann')], hasRole), [0, 0], 'ben makes room for ann');
  t.strictSame(shortfall(both, [by('ann'), by('ben')], hasRole), [0, 0]);
  t.strictSame(shortfall(both, [by('cleo'), by('ben')], hasRole), [0, 0]);
  t.strictSame(shortfall(both, [by('ann')], hasRole), [0, 1]);
  t.strictSame(shortfall(both, [by('cleo')], hasRole), [1, 0]);
});

t.test('of several sign-offs by one person, any may count', async (t) => {
  const strong = (quorum: Quorum, approval: Approval) =>
    hasRole(quorum, approval) && approval.factor === 'webauthn';
  t.strictSame(shortfall([from(1, 'sre')], [by('ann'), by('ann', 'webauthn')], strong), [0]);
  t.strictSame(shortfall([from(1, 'sre')], [by('ann', 'totp')], strong), [1]);
});

t.test('agrees with trying every way to seat people', async () => {
  fc.assert(
    fc.property(policy, quorums, approvals, (policy, quorums, approvals) => {
      const eligible = (quorum: Quorum, { person, factor }: Approval): boolean =>
        (quorum.stepUp === undefined || quorum.stepUp === factor) &&
        quorum.roles.some((role) => policy.people.get(person)?.roles.includes(role));
      return isDeepStrictEqual(
        shortfall(quorums, approvals, eligible),
        bruteShortfall(quorums, approvals, eligible),
      );
    }),
    { numRuns: 2000 },
  );
});
