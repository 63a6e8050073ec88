/** Runs the tests that a policy file carries: what somebody types, and what has to come of it. */
import type { PersonName, RoomName } from '../base/ids.ts';
import { parseCommand } from '../command/parse.ts';
import { decide } from '../policy/decide.ts';
import { NO_FACTS } from '../policy/decision.ts';
import { nameMissing } from '../policy/explain.ts';
import type { Factor, Policy } from '../policy/model.ts';
import { allOffers, visibleNames } from '../policy/offers.ts';
import type { Approval } from '../policy/quorum.ts';
import type { PolicyExpectation, PolicyFile } from './policy-file.ts';

export interface TestResult {
  readonly name: string;
  /** What came instead; undefined when the test passed. */
  readonly fault: string | undefined;
}

/** Where a test does not say when: a Wednesday, noon. */
const DEFAULT_TIME = Date.UTC(2026, 0, 7, 12);

export const testPolicy = (file: PolicyFile): readonly TestResult[] =>
  file.expectations.map((expected) => ({
    name: `${expected.as} in ${expected.in}: ${expected.do}`,
    fault: faultIn(file, expected),
  }));

function faultIn({ policy }: PolicyFile, expected: PolicyExpectation): string | undefined {
  const person = expected.as as PersonName;
  const room = expected.in as RoomName;
  const pinned = isPinned(policy, person);
  const typed = expected.do.replace(/^!/, '');
  const command = parseCommand(typed, allOffers(policy), visibleNames(policy, person));
  const decision = command.ok
    ? decide(
        policy,
        { person, pinned, room, action: command.value.name, values: command.value.values },
        {
          ...NO_FACTS,
          now: expected.at ?? DEFAULT_TIME,
          factor: expected.step_up,
          approvals: (expected.approved_by ?? []).map((text) => parseApproval(policy, text)),
        },
      )
    : // What does not parse is refused for its values before the policy is asked.
      ({
        kind: 'deny',
        because: command.error.code === 'unknown_command' ? 'action' : 'params',
      } as const);
  const because = decision.kind === 'deny' ? decision.because : undefined;
  const missing = decision.kind === 'pending' ? decision.missing.map(nameMissing) : [];
  const got = [decision.kind, because, missing.join(', ')].filter(Boolean).join(' ');
  const asExpected =
    decision.kind === expected.expect &&
    (expected.because === undefined || expected.because === because) &&
    (expected.missing === undefined || expected.missing.join() === missing.join());
  return asExpected ? undefined : `got ${got}`;
}

/** As in the room: who has no identity pinned cannot do what only a pinned one may. */
const isPinned = (policy: Policy, person: PersonName): boolean =>
  policy.people.get(person)?.accounts.some((a) => a.identity !== undefined) ?? false;

function parseApproval(policy: Policy, text: string): Approval {
  const [name = '', factor] = text.split(':');
  const person = name as PersonName;
  return { person, pinned: isPinned(policy, person), factor: factor as Factor | undefined };
}
