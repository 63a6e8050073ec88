import t from 'tap';
import { openMembers } from '../../src/matrix/members.ts';
import { room } from '../support/ids.ts';
import { ALICE, BOB, DIRECT_ALICE, FORMER_ALICE, register } from '../support/sightings.ts';

const OPS = room('!ops:example.org');
const OTHER = room('!other:example.org');

/** Answers of a homeserver, one after the other; an Error is thrown. */
function askedOf(...answers: (string[] | Error | Promise<string[]>)[]) {
  const asked: string[] = [];
  const client = {
    async getJoinedRoomMembers(room: string) {
      asked.push(room);
      const answer = await (answers[asked.length - 1] ?? answers.at(-1) ?? []);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const members = openMembers(client, () => ({ ...register(), guarded: new Set([OTHER]) }));
  return { members, asked };
}

t.test('the members of a room are asked for once, until they may have changed', async (t) => {
  const { members, asked } = askedOf(['@a:b'], ['@a:b', '@c:d']);
  t.strictSame(await members.of(OPS), ['@a:b']);
  t.strictSame(await members.of(OPS), ['@a:b']);
  members.forget(OTHER);
  await members.of(OPS);
  t.equal(asked.length, 1);
  members.forget(OPS);
  t.strictSame(await members.of(OPS), ['@a:b', '@c:d']);
});

t.test('who asks at the same time shares the answer', async (t) => {
  const { members, asked } = askedOf(['@a:b']);
  await Promise.all([members.of(OPS), members.of(OPS), members.of(OTHER)]);
  t.strictSame(asked, [OPS, OTHER]);
});

t.test('what is no account is no member', async (t) => {
  const { members } = askedOf(['@a:b', 'a', '', '@a', '@\u202e:b', '__proto__', '@c:d']);
  t.strictSame(await members.of(OPS), ['@a:b', '@c:d']);
});

t.test('an answer that failed is told, and asked for again', async (t) => {
  const { members, asked } = askedOf(new Error('no'), ['@a:b']);
  await t.rejects(members.of(OPS), { message: /^no$/ });
  t.strictSame(await members.of(OPS), ['@a:b']);
  t.equal(asked.length, 2);
});

t.test('a late failure does not take away what was learnt meanwhile', async (t) => {
  const late = Promise.withResolvers<string[]>();
  const { members, asked } = askedOf(late.promise, ['@a:b']);
  const first = members.of(OPS);
  members.forget(OPS);
  t.strictSame(await members.of(OPS), ['@a:b']);
  late.reject(new Error('late'));
  await t.rejects(first);
  await members.of(OPS);
  t.equal(asked.length, 2);
});

t.test('in a direct room its person is meant, whoever is said to be in it', async (t) => {
  const { members, asked } = askedOf(['@mallory:example.org']);
  t.strictSame(await members.readersOf(OPS), ['@mallory:example.org']);
  t.strictSame(await members.readersOf(DIRECT_ALICE), [register().bot, ALICE]);
  t.strictSame(await members.readersOf(FORMER_ALICE), [register().bot, ALICE]);
  t.equal(asked.length, 1);
});

t.test('where the policy wants its people only, nobody without a pin is meant', async (t) => {
  const { members } = askedOf([ALICE, BOB, '@mallory:example.org', register().bot]);
  t.strictSame(await members.readersOf(OTHER), [ALICE, register().bot]);
  t.strictSame((await members.readersOf(OPS)).length, 4);
});
