/**
 * Verification between our end of Matrix and a client of somebody else's making, begun by either side,
 * in a room and from device to device. Runs unchanged against the loopback homeserver and a Synapse.
 */
import t, { type Test } from 'tap';
import { formatEmoji } from '../../src/matrix/verification-log.ts';
import {
  awaitVerification,
  beginVerification,
  forceVerification,
  reachEmoji,
} from '../people/comparing.ts';
import { eventually } from '../people/eventually.ts';
import type { Person } from '../people/person.ts';
import type { Server } from '../story/house.ts';
import { device, user } from './ids.ts';
import { type Listener, openListener } from './listener.ts';

interface Cast {
  readonly bot: Listener;
  readonly alice: Person;
  readonly room: string;
}

export function tellVerification(open: () => Promise<Server & AsyncDisposable>): void {
  t.test('verification by emoji', async (t) => {
    await using server = await open();
    await using bot = await openListener(server, 'bot');
    await using alice = await bot.person('alice');
    await using mallory = await bot.person('mallory');
    const room = await bot.openDirect(alice);
    bot.name(alice, room);
    const cast = { bot, alice, room };
    await t.test('a person asks in the room', (t) => asks(t, cast, { room }));
    await t.test('a person asks our device', (t) => asks(t, cast, { device: bot.device }));
    await t.test('the bot asks in the room', (t) => isAsked(t, cast));
    await t.test('the bot asks a device', (t) => isAsked(t, cast, alice.session.deviceId));
    await t.test('emoji that differ end it', (t) => differs(t, cast));
    await t.test('a stranger is not answered, and noted once', (t) => isStranger(t, cast, mallory));
    await t.test('a verified identity that is replaced', (t) => isReplaced(t, cast));
  });
}

type Where = Parameters<typeof beginVerification>[2];

/** Their client forgets the verification before this one when it has synced once more. */
async function begin({ bot, alice, room }: Cast, where: Where) {
  const said = await alice.say(room, 'once more');
  await alice.waitFor(room, ({ eventId }) => eventId === said);
  await bot.heard();
  return beginVerification(alice, bot.user, where);
}

async function asks(t: Test, cast: Cast, where: Where): Promise<void> {
  const { bot, alice } = cast;
  const before = bot.verified.length;
  const theirs = await reachEmoji(await begin(cast, where));
  const ours = await bot.compares(alice);
  t.equal(formatEmoji(ours.emoji), theirs.emoji);
  t.equal(ours.decimals.join(' '), theirs.decimals);
  t.hasStrict(ours, { begunBy: 'them', where: 'room' in where ? 'room' : 'device' });
  t.equal(bot.verified.length, before, 'nothing counts before both have said so');
  await Promise.all([theirs.confirm(), bot.verifications.confirm(ours.id)]);
  await theirs.done;
  await isProven(t, { bot, alice }, ours.id, before);
}

async function isAsked(t: Test, { bot, alice }: Cast, id?: string): Promise<void> {
  const before = bot.verified.length;
  const asked = awaitVerification(alice);
  await bot.verifications.begin(user(alice.userId), id === undefined ? id : device(id));
  const theirs = await reachEmoji(await asked);
  const ours = await bot.compares(alice);
  t.equal(formatEmoji(ours.emoji), theirs.emoji);
  t.hasStrict(ours, { begunBy: 'us', where: id === undefined ? 'room' : 'device' });
  await bot.verifications.confirm(ours.id); // before the other side this time
  await theirs.confirm();
  await theirs.done;
  await isProven(t, { bot, alice }, ours.id, before);
}

async function isProven(
  t: Test,
  { bot, alice }: Pick<Cast, 'bot' | 'alice'>,
  id: string,
  before: number,
): Promise<void> {
  await eventually(() => (bot.verified.length > before ? true : undefined));
  const identity = await alice.masterKey();
  t.strictSame(bot.verified.at(-1), { account: alice.userId, identity });
  t.equal(bot.verifications.list().find((one) => one.id === id)?.state, 'done');
  const known = eventually(async () => {
    const seen = await alice.session.client.getCrypto()?.getUserVerificationStatus(bot.user);
    return seen?.isCrossSigningVerified() || undefined;
  });
  await t.resolves(known, 'their client knows the bot as verified');
}

async function differs(t: Test, cast: Cast): Promise<void> {
  const { bot, alice } = cast;
  const before = bot.verified.length;
  const theirs = await reachEmoji(await begin(cast, { device: bot.device }));
  const ours = await bot.compares(alice);
  await bot.verifications.mismatch(ours.id);
  await t.rejects(theirs.done, 'their client ends it as well');
  await t.rejects(bot.verifications.confirm(ours.id), { code: /^verification_failed$/ });
  t.equal(bot.verified.length, before);
}

async function isStranger(t: Test, cast: Cast, mallory: Person): Promise<void> {
  const { bot, alice } = cast;
  const before = bot.verifications.list().length;
  for (let i = 0; i < 3; i++) await forceVerification(mallory, bot);
  await eventually(() => bot.log.messages.find((line) => line.startsWith('somebody unknown')));
  // What comes after shows that the strangers' requests have been passed over by then.
  const theirs = await reachEmoji(await begin(cast, { device: bot.device }));
  const ours = await bot.compares(alice);
  t.equal(bot.verifications.list().length, before + 1);
  t.equal(bot.log.messages.filter((line) => line.startsWith('somebody unknown')).length, 1);
  theirs.mismatch();
  await eventually(() => (bot.stateOf(ours.id) === 'cancelled' ? true : undefined));
  await t.rejects(bot.verifications.begin(user(mallory.userId)), { code: /^verification_failed$/ });
}

/** The crate locks such an account out for good; the pin of the new identity is what lets it in again. */
async function isReplaced(t: Test, { bot, alice, room }: Cast): Promise<void> {
  const first = await alice.masterKey();
  bot.name(alice, room, first);
  await alice.resetIdentity();
  await eventually(async () => {
    const live = await bot.identityOf(alice);
    return live?.masterKey === first ? undefined : live;
  });
  await alice.say(room, 'with another identity');
  // In a session of before, it decrypts and shows the other identity; in a new one, not even that.
  const heard = await bot.heard();
  const identity = heard.kind === 'decrypted' ? heard.from.identity?.masterKey : undefined;
  t.not(identity, first);
  if (heard.kind === 'undecryptable') t.equal(heard.because, 'identity_violation');
  await t.resolves(bot.say(room, 'still able to speak'));
  bot.name(alice, room, await alice.masterKey());
  await alice.say(room, 'pinned anew');
  t.hasStrict(await bot.heard(), { kind: 'decrypted', message: { text: 'pinned anew' } });
  await bot.say(room, 'welcome back');
  await alice.waitFor(room, ({ body }) => body === 'welcome back');
}
