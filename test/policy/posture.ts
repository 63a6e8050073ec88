import fc from 'fast-check';
import t from 'tap';
import type { Posture } from '../../src/policy/model.ts';
import { driftOf, type Member, type RoomFacts } from '../../src/policy/posture.ts';
import { user } from '../support/ids.ts';

const member = (id: string, isPinned = true): Member => ({ user: user(id), isPinned });

const TIDY: RoomFacts = {
  ...{ encrypted: true, joinRule: 'invite', history: 'joined', guestAccess: 'forbidden' },
  replacedBy: undefined,
  members: [member('@alice:example.org'), member('@bob:example.org')],
};
const STRICT: Posture = {
  ...{ encrypted: true, inviteOnly: true, noGuests: true, history: 'joined' },
  ...{ membersInPolicy: true, servers: ['example.org'], maxMembers: 3 },
};
/** Demands nothing. */
const LOOSE: Posture = {
  ...{ encrypted: false, inviteOnly: false, noGuests: false, history: undefined },
  ...{ membersInPolicy: false, servers: undefined, maxMembers: undefined },
};

t.test('a room that is all that is demanded has no drift', async (t) => {
  t.equal(driftOf(STRICT, TIDY), undefined);
});

/** For each demand, a room that does not meet it, and what is said of it. */
const DRIFTS: readonly (readonly [Partial<Posture>, Partial<RoomFacts>, string])[] = [
  [{ encrypted: true }, { encrypted: false }, 'the room is not encrypted'],
  ...['public', 'knock', 'restricted', ''].map(
    (joinRule) =>
      [
        { inviteOnly: true },
        { joinRule },
        `people can join without an invitation (join rule ${joinRule})`,
      ] as const,
  ),
  [{ noGuests: true }, { guestAccess: 'can_join' }, 'guests may join'],
  [
    { history: 'invited' },
    { history: 'shared' },
    'newcomers can read what was said before (history shared)',
  ],
  [
    { history: 'shared' },
    { history: 'world_readable' },
    'newcomers can read what was said before (history world_readable)',
  ],
  [{ maxMembers: 2 }, {}, '3 members, 2 at most'],
  [
    { membersInPolicy: true },
    { members: [member('@alice:example.org'), member('@eve:example.org', false)] },
    '@eve:example.org is in the room and not pinned in the policy',
  ],
  [
    { servers: ['example.org'] },
    { members: [member('@alice:example.org.evil.test')] },
    '@alice:example.org.evil.test is on a server that is not allowed here',
  ],
];

for (const [demand, facts, said] of DRIFTS)
  t.test(`it is seen that ${said}`, async (t) => {
    t.equal(driftOf({ ...LOOSE, ...demand }, { ...TIDY, ...facts }), said);
    t.equal(driftOf(LOOSE, { ...TIDY, ...facts }), undefined, 'and only where it is demanded');
  });

t.test('a room that was left for another one is never as demanded', async (t) => {
  const said = 'the room was upgraded to another one';
  t.equal(driftOf(LOOSE, { ...TIDY, replacedBy: '!next:example.org' }), said);
});

t.test('less of the past than allowed is fine, a history of an unknown kind is not', async (t) => {
  const { history: _, ...rest } = TIDY;
  const drift = (history: string) =>
    driftOf({ ...LOOSE, history: 'invited' }, { ...rest, history });
  t.equal(drift('joined'), undefined);
  t.equal(drift('invited'), undefined);
  t.ok(drift('anything'));
  t.ok(drift(''));
});

t.test('a server is all that stands behind the first colon, with its port', async (t) => {
  const on = (id: string) =>
    driftOf({ ...LOOSE, servers: ['example.org'] }, { ...TIDY, members: [member(id)] });
  t.equal(on('@a:example.org'), undefined);
  t.ok(on('@a:example.org:8448'));
  t.ok(on('@a:evil.test:example.org'));
});

t.test('nobody gets into a strict room by being one of many', async () => {
  const id = fc.constantFrom('@a:example.org', '@b:example.org', '@c:evil.test');
  const members = fc.array(fc.tuple(id, fc.boolean()), { maxLength: 4 });
  fc.assert(
    fc.property(members, (members) => {
      const facts = { ...TIDY, members: members.map(([id, isPinned]) => member(id, isPinned)) };
      const isFine =
        members.length <= 2 && members.every(([id, pin]) => pin && id.endsWith(':example.org'));
      return (driftOf(STRICT, facts) === undefined) === isFine;
    }),
  );
});
