/**
 * What must not count, made with a real browser and a real (software) authenticator: each is refused,
 * changes nothing, is on record, and tells whoever sent it no more than that.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { LINK_MS } from '../../src/desk/passkeys/links.ts';
import { freezeRequest } from '../../src/request/request.ts';
import { makeChallenge } from '../../src/stepup/challenge.ts';
import { event, person } from '../support/ids.ts';
import type { Posted, Tab } from './fixtures/browser.ts';
import { enrolled, openScene, type Scene } from './fixtures/enrolled.ts';

const NOT_ACCEPTED = /^That was not accepted, and nothing was done/;

interface Stage extends Scene {
  readonly bob: Tab;
  /** The last link that bob was sent. */
  readonly link: string;
}

/** Bob has a passkey, and the page of a request that waits for it is open. */
async function openStage(t: Test): Promise<Stage> {
  const scene = await openScene(t);
  const bob = await enrolled(scene, 'bob');
  await scene.page.room.ask('db-failover', { target: 'db2' });
  const link = `${scene.page.origin}/p/${scene.page.room.told('bob')}`;
  await bob.page.goto(link);
  return { ...scene, bob, link };
}

/** The request is as it was, and the log says why the answer did not count. */
function isRefused(t: Test, { page }: Scene, posted: Posted, why: RegExp): void {
  const { room } = page;
  t.equal(posted.status, 403);
  t.match(posted.body.error, NOT_ACCEPTED);
  t.hasStrict(room.ledger.written.at(-1), { type: 'passkey.refused', person: 'bob' });
  t.match(room.ledger.written.at(-1), { why });
  t.notOk(room.ledger.types.includes('approval'), 'nobody has signed anything off');
  t.equal(room.desk.requests.list()[0]?.state.kind, 'waiting');
}

t.test('a signature over a changed argument vector', async (t) => {
  const stage = await openStage(t);
  const { request } = stage.page.room.desk.requests.list()[0] ?? {};
  if (!request) throw new Error('nothing waits');
  const argv = ['/opt/ops/bin/db-failover', '--to', 'evil'];
  const other = freezeRequest({ ...request.frozen, argv }, event('$thread'));
  const challenge = makeChallenge('approval', Buffer.alloc(32, 7), other.digest);
  const answer = await stage.bob.answerOf('approve', {
    challenge: Buffer.from(challenge).toString('base64url'),
  });
  const posted = await stage.bob.post('finish', { answer });
  isRefused(t, stage, posted, /challenge/);
});

t.test('a signature that was made for another request', async (t) => {
  const stage = await openStage(t);
  const { room, origin } = stage.page;
  await room.ask('deploy', { service: 'web' });
  await stage.bob.page.goto(`${origin}/p/${room.told('bob')}`);
  const answer = await stage.bob.answerOf('approve');
  await stage.bob.page.goto(stage.link);
  await stage.bob.answerOf('approve'); // there is a question to answer here, too
  isRefused(t, stage, await stage.bob.post('finish', { answer }), /challenge/);
});

t.test('a signature for a denial, handed in as one for an approval', async (t) => {
  const stage = await openStage(t);
  const answer = await stage.bob.answerOf('deny');
  await stage.bob.answerOf('approve');
  isRefused(t, stage, await stage.bob.post('finish', { answer }), /challenge/);
});

t.test('a signature over the nonce before the last one, and no second answer', async (t) => {
  const stage = await openStage(t);
  const old = await stage.bob.answerOf('approve');
  const fresh = await stage.bob.answerOf('approve');
  isRefused(t, stage, await stage.bob.post('finish', { answer: old }), /challenge/);
  // The question is spent by the wrong answer: the right one comes too late for it.
  isRefused(t, stage, await stage.bob.post('finish', { answer: fresh }), /answer to no question/);
});

t.test('a signature that was made on a page of another origin', async (t) => {
  const stage = await openStage(t);
  const asked = await stage.bob.post('begin', { act: 'approve', typed: '' });
  const elsewhere = createServer((_, response) => response.end('<!doctype html>')).listen(0);
  t.teardown(() => elsewhere.close());
  const { port } = elsewhere.address() as AddressInfo;
  await stage.bob.page.goto(`http://localhost:${port}/`);
  const answer = await stage.bob.sign(asked.body.options ?? {});
  await stage.bob.page.goto(stage.link);
  isRefused(t, stage, await stage.bob.post('finish', { answer }), /origin/);
});

t.test('a page of another origin is not heard at all', async (t) => {
  const stage = await openStage(t);
  const elsewhere = createServer((_, response) => response.end('<!doctype html>')).listen(0);
  t.teardown(() => elsewhere.close());
  const { port } = elsewhere.address() as AddressInfo;
  const before = stage.page.room.ledger.written.length;
  await stage.bob.page.goto(`http://localhost:${port}/`);
  t.equal(await stage.bob.postFromHere(stage.link), 'the browser did not let it through');
  t.equal(stage.page.room.ledger.written.length, before);
});

t.test('a signature for which nobody was verified', async (t) => {
  const stage = await openStage(t);
  await stage.bob.verifyUser(false);
  const answer = await stage.bob.answerOf('approve', { userVerification: 'discouraged' });
  isRefused(t, stage, await stage.bob.post('finish', { answer }), /[Uu]ser.*verif/);
});

t.test("a signature of another person's passkey", async (t) => {
  const stage = await openStage(t);
  const carol = await enrolled(stage, 'carol');
  const [passkey] = stage.page.room.desk.standing.passkeysOf('carol');
  await carol.page.goto(stage.link);
  const answer = await carol.answerOf('approve', {
    allowCredentials: [{ type: 'public-key', id: passkey?.credential }],
  });
  isRefused(t, stage, await carol.post('finish', { answer }), /not one of this person/);
});

t.test('a link that was used', async (t) => {
  const stage = await openStage(t);
  const { room } = stage.page;
  const second = await stage.browser.tab();
  await second.page.goto(stage.link);
  t.match(await stage.bob.press(/Sign off/), /^✓ You signed it off/);
  const posted = await second.post('begin', { act: 'deny', typed: '' });
  t.strictSame(posted, {
    status: 403,
    body: { error: 'This link was used, or it is too old. Nothing was done.' },
  });
  t.match(room.ledger.written.at(-1), { type: /^passkey\.refused$/, why: /the link was used/ });
  t.equal(room.ledger.types.filter((type) => type === 'approval').length, 1);
});

t.test('a link that is too old', async (t) => {
  const stage = await openStage(t);
  const { room } = stage.page;
  await room.clock.advance(LINK_MS);
  t.match(await stage.bob.press(/Sign off/), /^This link was used, or it is too old/);
  await stage.bob.page.reload();
  t.match(await stage.bob.page.locator('main').textContent(), /For another link, type approve/);
  t.notOk(room.ledger.types.includes('approval'));
});

t.test('too many wrong answers make a link worthless', async (t) => {
  const stage = await openStage(t);
  for (let time = 0; time < 5; time++)
    t.equal((await stage.bob.post('finish', { answer: {} })).status, 403);
  t.match(await stage.bob.press(/Sign off/), /^This link was used, or it is too old/);
});

t.test('a passkey cannot be enrolled without a code, a ticket or another one', async (t) => {
  const { browser, page } = await openScene(t);
  const tab = await browser.tab();
  await tab.page.goto(page.room.links.issue(person('carol'), 'enrolment'));
  for (const typed of ['', '123456', 'ABCDEFGHJKMNPQRSTVWXYZ23']) {
    const { status } = await tab.post('begin', { act: 'enrol', typed });
    t.equal(status, 403, JSON.stringify(typed));
  }
  t.strictSame(page.room.desk.standing.passkeysOf('carol'), []);
});
