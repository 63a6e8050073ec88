/**
 * Quorums that nobody can fill, even if everybody who may sign off does. Found before a request waits for
 * sign-offs that cannot come.
 */
import type { ActionName, PersonName } from '../base/ids.ts';
import type { Action, Factor, Person, Policy, Quorum } from './model.ts';
import { type Approval, shortfall } from './quorum.ts';
import { mayApprove } from './requirements.ts';
import { holdsOneOf } from './roles.ts';

export interface Unfillable {
  /** Undefined: it is the quorum of `recovery`. */
  readonly action: ActionName | undefined;
  /** Which quorum of the action. */
  readonly index: number;
  readonly quorum: Quorum;
  /** The most seats of it that can be filled. */
  readonly most: number;
  /** For whose requests. */
  readonly requesters: readonly PersonName[];
  /** Nobody else can ask for the action. */
  readonly isForAll: boolean;
  /** People with one of its roles who would count if the policy pinned an identity of theirs. */
  readonly unpinned: readonly PersonName[];
}

export function findUnfillable(policy: Policy): readonly Unfillable[] {
  const people = [...policy.people.values()];
  const { recovery } = policy;
  const found = [...policy.actions.values()].flatMap((action) =>
    unfillableOf(policy, action.require.approvals, requestersOf(policy, action)).map((one) => ({
      ...one,
      action: action.name,
    })),
  );
  if (!recovery) return found;
  // Who is not pinned has enrolled nothing that could be recovered.
  const helped = people.filter((person) => isPinned(person, undefined));
  const short = unfillableOf(policy, [recovery], helped);
  return [...found, ...short.map((one) => ({ ...one, action: undefined }))];
}

/** If all who have a role still lack a pin, all of them: pins come later. */
function requestersOf(policy: Policy, action: Action): readonly Person[] {
  const isAdvisory = action.mode !== 'enforce' && action.effect === 'read';
  const allowed = [...policy.people.values()].filter(
    (person) => isAdvisory || holdsOneOf(person, action.roles),
  );
  const able = allowed.filter((person) => canAsk(policy, action, person));
  return able.length > 0 ? able : allowed;
}

/** At the terminal, a user whom the policy names counts as pinned. It is the one place that is no room. */
const canAsk = (policy: Policy, { effect, rooms }: Action, person: Person): boolean =>
  rooms.some((room) =>
    policy.rooms.has(room)
      ? effect === 'read' || person.accounts.some(({ identity }) => identity !== undefined)
      : person.localUsers.length > 0,
  );

/** A passkey is used by a link, which knows accounts only; other sign-offs count from the terminal as well. */
const isPinned = ({ accounts, localUsers }: Person, factor: Factor | undefined): boolean =>
  accounts.some(({ identity }) => identity !== undefined) ||
  (factor !== 'webauthn' && localUsers.length > 0);

type Short = Omit<Unfillable, 'action'>;

function unfillableOf(
  policy: Policy,
  quorums: readonly Quorum[],
  requesters: readonly Person[],
): readonly Short[] {
  if (quorums.length === 0) return [];
  const people = [...policy.people.values()];
  const holders = people.filter((one) => quorums.some((q) => holdsOneOf(one, q.roles)));
  const everybody = holders.map(
    ({ name }): Approval => ({ person: name, pinned: true, factor: undefined }),
  );
  const shortFor = (requester: PersonName): readonly number[] =>
    shortfall(quorums, everybody, (quorum, { person }) => {
      const approver = policy.people.get(person);
      return (
        approver !== undefined &&
        isPinned(approver, quorum.stepUp) &&
        mayApprove(policy, requester, quorum, person)
      );
    });
  // People of the same roles and pins can stand in for each other: one of them is asked about.
  const known = new Map<string, readonly number[]>();
  const short = requesters.map((person) => {
    const { name, roles } = person;
    const kind = JSON.stringify([roles, isPinned(person, undefined), isPinned(person, 'webauthn')]);
    const empty = known.get(kind) ?? shortFor(name);
    known.set(kind, empty);
    return { name, empty };
  });
  return quorums.flatMap((quorum, index) => {
    const concerned = short.filter(({ empty }) => (empty[index] ?? 0) > 0);
    if (concerned.length === 0) return [];
    const named = concerned.map(({ name }) => name);
    const unpinned = holders.filter(
      (one) => holdsOneOf(one, quorum.roles) && !isPinned(one, quorum.stepUp),
    );
    return [
      {
        ...{ index, quorum, requesters: named, isForAll: named.length === requesters.length },
        most: quorum.count - Math.max(...concerned.map(({ empty }) => empty[index] ?? 0)),
        unpinned: unpinned.map(({ name }) => name),
      },
    ];
  });
}
