/** Puts on record which identities the policy pins, whenever that is not what the log said last. */
import type { EntryBody } from '../audit/body.ts';
import type { Identities } from '../audit/identities.ts';
import type { Policy } from '../policy/model.ts';

/** Empty when nothing has changed. */
export function planPins(policy: Policy, identities: Identities): readonly EntryBody[] {
  const before = identities.pins();
  const now = [...policy.people.values()].flatMap(({ name: person, accounts }) =>
    accounts.map(({ id: account, identity = '' }) => ({ person, account, identity })),
  );
  const named = new Set<string>(now.map(({ account }) => account));
  const dropped = [...before].filter(([account]) => !named.has(account));
  const pinned = now.filter(({ account, person, identity }) => {
    const was = before.get(account);
    return was?.identity !== identity || was.person !== person;
  });
  return [
    ...dropped.map(
      ([account, { person }]): EntryBody => ({ type: 'identity.dropped', person, account }),
    ),
    ...pinned.map((pin): EntryBody => ({ type: 'identity.pinned', ...pin })),
  ];
}
