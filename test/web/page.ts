import { readFileSync } from 'node:fs';
import t from 'tap';
import { lookAt } from '../../src/desk/passkeys/sight.ts';
import { renderPage } from '../../src/web/page.ts';
import { Guardroom, tokenOf } from '../support/guardroom.ts';
import { person } from '../support/ids.ts';
import { SoftPasskey } from '../support/soft-passkey.ts';

const ASSETS = { style: '', script: '' };
const party = { id: 'localhost', origin: 'http://localhost:8480' };

/** What bob is shown of a request of alice's. */
async function pageFor(name: string, values: Readonly<Record<string, string>>): Promise<string> {
  const room = new Guardroom(party);
  await room.enrol('bob', new SoftPasskey(party));
  const { request } = await room.ask(name, values);
  const link = room.links.issue(person('bob'), 'approval', request.id);
  return renderPage(lookAt(room.desk, room.links, tokenOf(link)), ASSETS);
}

t.test('there is one heading, one form, a live status and a label for each field', async (t) => {
  const html = await pageFor('db-failover', { target: 'db2' });
  const count = (pattern: RegExp) => html.match(pattern)?.length ?? 0;
  t.equal(count(/<h1\b/g), 1);
  t.equal(count(/<form\b/g), 1);
  t.equal(count(/role="status"/g), 1);
  t.equal(count(/<input\b/g), count(/<label for=/g));
  t.match(html, /<html lang="en">/);
  t.match(html, /<main class="destructive">/);
});

t.test('what was typed cannot become markup', async (t) => {
  const html = await pageFor('db-failover', { target: '<img src=x onerror=1>"\'&' });
  t.notMatch(html, /<img/);
  t.match(html, /&lt;img src=x onerror=1&gt;/);
});

t.test('somebody without a passkey is told how to get one, and has no button', async (t) => {
  const room = new Guardroom(party);
  const { request } = await room.ask('deploy', { service: 'web' });
  const link = room.links.issue(person('bob'), 'approval', request.id);
  const html = renderPage(lookAt(room.desk, room.links, tokenOf(link)), ASSETS);
  t.match(html, /enrol passkey/);
  t.notMatch(html, /<button/);
});

t.test('a link that leads nowhere says nothing of anybody', async (t) => {
  const html = renderPage({ kind: 'unknown' }, ASSETS);
  t.match(html, /There is nothing here for you/);
  t.notMatch(html, /<form|<script|alice|bob/);
});

t.test('the script and the style can stand in a page as they are', async (t) => {
  for (const name of ['page.css', 'ceremony.mjs']) {
    const text = readFileSync(new URL(`../../src/web/${name}`, import.meta.url), 'utf8');
    t.notMatch(text, /<\/?(?:script|style|!--)/i, name);
    t.notMatch(text, /https?:|url\(|@import|innerHTML/, `${name} loads nothing`);
  }
});
