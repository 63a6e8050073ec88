import t from 'tap';
import { Identities } from '../../src/audit/identities.ts';
import { parsePolicy } from '../../src/config/policy-file.ts';
import { planPins } from '../../src/desk/pins.ts';
import type { Policy } from '../../src/policy/model.ts';

const KEY = 'nqOvzeuGWT/sRx3h7+MHoInYj3Uk2LD/unI9kDYcHwk';
const ALICE = '@alice:example.org';

function policyOf(people: string): Policy {
  const parsed = parsePolicy(`version: 1\npeople: ${people}\nrooms: {}\nactions: {}\n`, 'p');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value.policy;
}

/** Records what is planned, as the daemon does; its types. */
function record(identities: Identities, people: string): readonly string[] {
  const bodies = planPins(policyOf(people), identities);
  for (const [seq, body] of bodies.entries())
    identities.note({ v: 1, seq, ts: '2026-01-01T00:00:00.000Z', boot: 'b', ...body });
  return bodies.map(({ type }) => type);
}

const unpinned = `{ alice: { roles: [ops], accounts: [ { id: "${ALICE}" } ] } }`;
const pinned = unpinned.replace(' } ]', `, identity: "${KEY}" } ]`);

t.test('what the policy pins is recorded when it changes, and only then', async (t) => {
  const identities = new Identities();
  t.strictSame(record(identities, unpinned), ['identity.pinned']);
  t.strictSame(record(identities, unpinned), []);
  t.strictSame(record(identities, pinned), ['identity.pinned']);
  t.strictSame(identities.pins().get(ALICE), { person: 'alice', identity: KEY });
  t.strictSame(record(identities, pinned.replace('alice:', 'alicia:')), ['identity.pinned']);
  t.strictSame(record(identities, '{}'), ['identity.dropped']);
  t.strictSame(record(identities, '{}'), []);
});
