import t from 'tap';
import { findHomeserver } from '../../../src/matrix/sign-in/discovery.ts';
import { json, openScriptedServer, type Reply } from '../../support/scripted-server.ts';

const VERSIONS = json({ versions: ['v1.11'] });

/** Answers by path; everything else is not there. */
const byPath =
  (replies: Readonly<Record<string, Reply>>): Reply =>
  (response, received) =>
    (replies[received.url] ?? json({ errcode: 'M_UNRECOGNIZED' }, 404))(response, received);

const WELL_KNOWN = '/.well-known/matrix/client';
const delegatesTo = (base_url: unknown) => json({ 'm.homeserver': { base_url } });

t.test('a URL that a homeserver answers at is taken as it is', async (t) => {
  await using server = await openScriptedServer(
    byPath({ '/_matrix/client/versions': VERSIONS, '/path/_matrix/client/versions': VERSIONS }),
  );
  t.equal(await findHomeserver(server.url), server.url);
  t.equal(await findHomeserver(`${server.url}/`), server.url);
  t.equal(await findHomeserver(`${server.url}/path/`), `${server.url}/path`);
  t.notOk(server.received.some(({ url }) => url === WELL_KNOWN));
});

t.test(
  'a server that only says where its homeserver is is believed, once that answers',
  async (t) => {
    await using homeserver = await openScriptedServer(
      byPath({ '/_matrix/client/versions': VERSIONS }),
    );
    const plain: Reply = (response) =>
      response.end(JSON.stringify({ 'm.homeserver': { base_url: homeserver.url } }));
    for (const reply of [delegatesTo(homeserver.url), delegatesTo(`${homeserver.url}/`), plain]) {
      await using site = await openScriptedServer(byPath({ [WELL_KNOWN]: reply }));
      t.equal(await findHomeserver(site.url), homeserver.url);
    }
  },
);

t.test('redirects of a site are followed, since no token goes along', async (t) => {
  await using homeserver = await openScriptedServer(
    byPath({
      '/_matrix/client/versions': VERSIONS,
      '/there': (response) =>
        response.end(JSON.stringify({ 'm.homeserver': { base_url: homeserver.url } })),
    }),
  );
  await using site = await openScriptedServer(
    byPath({ [WELL_KNOWN]: json({}, 302, { location: `${homeserver.url}/there` }) }),
  );
  t.equal(await findHomeserver(site.url), homeserver.url);
});

t.test('nothing is believed that is not https, or does not answer like a homeserver', async (t) => {
  for (const said of ['http://evil.example', 'ftp://x', 7, undefined]) {
    await using site = await openScriptedServer(byPath({ [WELL_KNOWN]: delegatesTo(said) }));
    await t.rejects(findHomeserver(site.url), { code: /^homeserver_unreachable$/ });
  }
  await using other = await openScriptedServer(json({ hello: 'world' }));
  await t.rejects(findHomeserver(other.url), { code: /^homeserver_unreachable$/ });
  await using site = await openScriptedServer(byPath({ [WELL_KNOWN]: delegatesTo(other.url) }));
  await t.rejects(findHomeserver(site.url), { code: /^homeserver_unreachable$/ });
});

t.test('what is neither a URL nor a name is a mistake', async (t) => {
  for (const named of ['http://matrix.example.org', 'a b', '', 'https://u:p@h'])
    t.has(await t.rejects(findHomeserver(named)), {
      code: 'usage',
      message: `--homeserver: ${JSON.stringify(named)} is neither a URL that begins with https:// nor the name of a server`,
    });
});
