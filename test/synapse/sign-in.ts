/**
 * Ways to sign in at a real Synapse: a password, with tokens that are renewed every few seconds, a login
 * token as single sign-on ends with, and a token that was issued elsewhere.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../people/eventually.ts';
import type { Person } from '../people/person.ts';
import { House, vaktrom } from '../story/house.ts';
import { ENTER, startAtTerminal } from '../support/at-terminal.ts';
import { openSynapse, type Synapse } from './server.ts';

const VAKTROM = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');
/** Short enough to see several renewals, long enough for one request. */
const LIFETIME_S = 5;
const EMPTY = 'version: 1\npeople: {}\nrooms: {}\nactions: {}\n...\n';

const synapse = await openSynapse({
  refreshable_access_token_lifetime: `${LIFETIME_S}s`,
  login_via_existing_session: { enabled: true, require_ui_auth: false },
  // Only so that single sign-on is offered: nobody goes there.
  cas_config: { enabled: true, server_url: 'http://127.0.0.1:9/cas' },
});
t.teardown(() => synapse[Symbol.asyncDispose]());
const place = {
  baseUrl: synapse.url,
  serverName: synapse.serverName,
  register: (name: string, password: string) => synapse.register(name, password),
};

async function post(path: string, body: object, token?: string): Promise<Record<string, string>> {
  const response = await fetch(`${synapse.url}/_matrix/client/${path}`, {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, string>;
}

t.test('a session by password is renewed while it is used', async (t) => {
  await using house = await House.open(place);
  const alice = await house.person('alice');
  const room = await alice.createRoom([house.bot]);
  const made = await house.init(`version: 1
people: { alice: { roles: [ops], accounts: [{ id: "${alice.userId}" }] } }
rooms: { ops: { id: "${room}" } }
actions: {}
`);
  t.equal(made.code, 0, made.stderr);
  await house.run();
  await alice.waitForMembership(room, { userId: house.bot, membership: 'join' });
  const kept = () => readFile(join(house.dir, 'state', 'session.json'), 'utf8');
  const seen = new Set([await kept()]);
  await eventually(async () => seen.add(await kept()).size > 3 || undefined);
  t.equal(await answer(house, alice, room), 'Vaktrom 0.1.0');
  const show = ['identity', 'show', alice.userId, '--dir', house.dir, '--json'];
  // Where the token expires just then, it says to try again: the daemon renews it, for its next request.
  const beside = await eventually(async () => {
    const tried = await vaktrom(...show);
    return tried.code === 3 ? undefined : tried;
  });
  t.strictSame(
    [beside.code, JSON.parse(beside.stdout || '{}')],
    [0, { id: alice.userId, identity: await alice.masterKey() }],
  );
  await isSignedOut(t, house, synapse);
  const file = join(house.folder, 'password');
  const rotated = await vaktrom('device', 'rotate', '--dir', house.dir, '--password-file', file);
  t.equal(rotated.code, 0, rotated.stderr);
  await house.run();
  t.equal(await eventually(() => answer(house, alice, room)), 'Vaktrom 0.1.0');
});

async function answer(house: House, alice: Person, room: string): Promise<string> {
  const thread = await alice.say(room, '!version');
  const isIt = (h: { sender: string; thread: string | undefined }) =>
    h.sender === house.bot && h.thread === thread;
  return (await alice.waitFor(room, isIt)).body;
}

/** An administrator ends all sessions of the bot; the daemon ends, and says what mends it. */
async function isSignedOut(t: Test, house: House, { url, adminToken }: Synapse): Promise<void> {
  const devices = `${url}/_synapse/admin/v2/users/${encodeURIComponent(house.bot)}/devices`;
  const headers = { authorization: `Bearer ${adminToken}` };
  const listed = (await (await fetch(devices, { headers })).json()) as {
    readonly devices: readonly { readonly device_id: string }[];
  };
  for (const { device_id } of listed.devices)
    await fetch(`${devices}/${device_id}`, { method: 'DELETE', headers });
  t.equal(await house.ended(), 4);
  const said =
    'vaktrom: the homeserver has signed the bot out, or its session has expired: give it a new device by vaktrom device rotate';
  t.ok(house.log().split('\n').includes(said), house.log());
}

t.test('single sign-on ends with a login token', async (t) => {
  await using house = await House.open(place);
  const { accessToken } = await synapse.register('robot', 'nobody knows it');
  const bot = '@robot:localhost';
  const policy = join(house.folder, 'policy.yaml');
  await writeFile(policy, EMPTY);
  await using terminal = startAtTerminal('sh', [
    ...[VAKTROM, 'init', '--dir', house.dir, '--policy', policy],
    ...['--homeserver', synapse.url, '--user', bot],
  ]);
  await terminal.sees('On another machine it cannot: then paste that address here:');
  const { login_token: token } = await post('v1/login/get_token', {}, accessToken);
  terminal.types(`http://localhost:1/somewhere?loginToken=${token}${ENTER}`);
  const { code, lines } = await terminal.ended;
  t.equal(code, 0, lines.join('\n'));
  const shown = await vaktrom('identity', 'show', bot, '--dir', house.dir, '--json');
  t.equal(shown.code, 0, shown.stderr);
});

t.test('a token that was issued elsewhere is checked', async (t) => {
  await using house = await House.open(place);
  const own = await synapse.register('machine', 'a password');
  const other = await synapse.register('somebody', 'a password');
  const policy = join(house.folder, 'policy.yaml');
  await writeFile(policy, EMPTY);
  const init = async ({ accessToken }: { readonly accessToken: string }) => {
    const file = join(house.folder, 'token');
    await writeFile(file, `${accessToken}\n`);
    return vaktrom(
      ...['init', '--yes', '--dir', house.dir, '--policy', policy, '--homeserver', synapse.url],
      ...['--user', '@machine:localhost', '--access-token-file', file],
    );
  };
  const wrong = await init(other);
  t.strictSame(
    [wrong.code, wrong.stderr],
    [1, 'vaktrom: that is @somebody:localhost, and not @machine:localhost: sign in as the bot\n'],
  );
  const made = await init(own);
  t.equal(made.code, 0, made.stderr);
  const kept = await readFile(join(house.dir, 'secrets', 'access-token'), 'utf8');
  t.equal(kept, `${own.accessToken}\n`);
  const settings = await readFile(join(house.dir, 'vaktrom.yaml'), 'utf8');
  t.ok(settings.split('\n').includes(`device: "${own.deviceId}"`), settings);
});
