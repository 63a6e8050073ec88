/** The whole way in a real browser: passkeys are enrolled, prove, sign off, deny. */
import t from 'tap';
import { person } from '../support/ids.ts';
import { totpCode } from '../support/totp-code.ts';
import { enrolled, openScene } from './fixtures/enrolled.ts';

const TARGET = { target: 'db2' };

t.test('a passkey proves its owner, another signs off, and it runs', async (t) => {
  const scene = await openScene(t);
  const { room, origin } = scene.page;
  const alice = await enrolled(scene, 'alice');
  const bob = await enrolled(scene, 'bob');
  await room.ask('db-failover', TARGET);

  await alice.page.goto(`${origin}/p/${room.told('alice')}`);
  t.match(await alice.press(/Prove it is you/), /^✓ You proved .* still needs 1 sign-off from dba/);
  await bob.page.goto(`${origin}/p/${room.told('bob')}`);
  t.equal(await bob.press(/Sign off/), '✓ You signed it off. It is running.');
  await room.settle();
  t.strictSame(room.sandbox.last.plan.argv, ['/opt/ops/bin/db-failover', '--to', 'db2']);
  t.strictSame(room.ledger.types.slice(-4), ['stepup', 'approval', 'granted', 'start']);

  await bob.page.reload();
  t.match(await bob.page.locator('main').textContent(), /It is running/);
  t.equal(await bob.page.getByRole('button').count(), 0, 'and there is nothing to press any more');
});

t.test('a denial with a passkey ends the request, with its reason', async (t) => {
  const scene = await openScene(t);
  const { page } = scene;
  const bob = await enrolled(scene, 'bob');
  const { request } = await page.room.ask('deploy', { service: 'web' });
  await bob.page.goto(`${page.origin}/p/${page.room.told('bob')}`);
  await bob.page.getByLabel('If you deny it: why?').fill('not on a Friday');
  t.match(await bob.press(/^Deny/), /^✓ You denied it\. .*“not on a Friday”/);
  const [denial, closed] = page.room.ledger.written.slice(-2);
  t.hasStrict(denial, { type: 'denial', request: request.id, person: 'bob' });
  t.hasStrict(closed, { type: 'closed', how: 'denied', by: 'bob', because: 'not on a Friday' });
});

t.test('the first passkey with a one-time code, the next with the first', async (t) => {
  const { browser, page } = await openScene(t);
  const { room } = page;
  const carol = person('carol');
  const { secret } = room.desk.enrolment.offerTotp(carol, 'example.org', 'host');
  await room.desk.enrolment.confirmTotp(carol, totpCode(secret, room.clock.now()));
  await room.clock.advance(60_000);

  const first = await browser.tab();
  await first.page.goto(room.links.issue(carol, 'enrolment'));
  await first.page.getByLabel('One-time code or ticket').fill(totpCode(secret, room.clock.now()));
  t.match(await first.press(/Make the passkey/), /^✓ Your passkey is enrolled/);

  // Another authenticator of hers: it makes a passkey, and then the first one is nowhere to be found.
  const second = await browser.tab();
  await second.page.goto(room.links.issue(carol, 'enrolment'));
  t.match(await second.press(/Make the passkey/), /^The passkey was not used/);
  t.equal(room.desk.standing.passkeysOf('carol').length, 1, 'nothing is enrolled yet');
  await first.lendTo(second);
  t.match(await second.press(/Make the passkey/), /^✓ Your passkey is enrolled/);
  t.hasStrict(room.ledger.written.at(-1), {
    type: 'factor.enrolled',
    by: 'webauthn',
    evidence: { kind: 'webauthn' },
  });
  t.equal(room.desk.standing.passkeysOf('carol').length, 2);
});

t.test('everything can be read without a script', async (t) => {
  const { browser, page } = await openScene(t, { javaScriptEnabled: false });
  const { room, origin } = page;
  const { request } = await room.ask('db-failover', TARGET);
  const tab = await browser.tab();
  await tab.page.goto(`${origin}/p/${room.told('bob')}`);
  const text = (await tab.page.locator('main').textContent()) ?? '';
  for (const word of [
    '["/opt/ops/bin/db-failover","--to","db2"]',
    'alice',
    'danger',
    'destructive',
    'db.internal:5432',
    '1 sign-off from dba with a passkey (not alice)',
    request.id,
    request.digest,
  ])
    t.ok(text.includes(word), word);
});

t.test('two spaces in an argument are seen to be two', async (t) => {
  const { browser, page } = await openScene(t, { javaScriptEnabled: false });
  await page.room.ask('db-failover', { target: 'a  b ' });
  const tab = await browser.tab();
  await tab.page.goto(`${page.origin}/p/${page.room.told('bob')}`);
  // biome-ignore lint/performance/useDomNodeTextContent: what a person sees is the point
  const seen = await tab.page.locator('dd.argv').innerText();
  t.equal(seen, '["/opt/ops/bin/db-failover","--to","a  b "]');
});
