/**
 * How many sign-offs are still missing when one person counts once over several groups. With groups
 * that overlap this is an assignment of people to seats, not a count: bob alone cannot be both the
 * one from sre and the one from security.
 */
import type { PersonName } from '../base/ids.ts';
import type { Factor, Quorum } from './model.ts';

export interface Approval {
  readonly person: PersonName;
  /** Given under the identity that the policy pins; nothing less counts. */
  readonly pinned: boolean;
  /** What the approver proved beyond the account, if anything. */
  readonly factor: Factor | undefined;
}

/**
 * Returns, for each quorum, how many of its seats stay empty when as many seats as possible are
 * filled by distinct eligible people (augmenting paths; earlier quorums are filled first).
 */
export function shortfall(
  quorums: readonly Quorum[],
  approvals: readonly Approval[],
  eligible: (quorum: Quorum, approval: Approval) => boolean,
): readonly number[] {
  const seats = quorums.flatMap((quorum, index) =>
    Array.from({ length: quorum.count }, () => ({ quorum, index })),
  );
  const seatOf = new Map<string, number>();
  const empty = quorums.map((quorum) => quorum.count);

  const fill = (seat: number, tried: Set<string>): boolean => {
    const wanted = seats[seat];
    if (!wanted) return false;
    for (const approval of approvals) {
      if (tried.has(approval.person) || !eligible(wanted.quorum, approval)) continue;
      tried.add(approval.person);
      const held = seatOf.get(approval.person);
      if (held !== undefined && !fill(held, tried)) continue;
      seatOf.set(approval.person, seat);
      return true;
    }
    return false;
  };

  for (const [seat, { index }] of seats.entries())
    if (fill(seat, new Set())) empty[index] = (empty[index] ?? 1) - 1;
  return empty;
}
