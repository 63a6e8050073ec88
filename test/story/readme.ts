/** Whoever follows the documents gets to a room: their commands are run as they stand, in their order. */
import { readFileSync } from 'node:fs';
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openHomeserver } from '../../src/demo/homeserver/homeserver.ts';
import { openPerson } from '../people/person.ts';
import { House, vaktromIn } from './house.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CHECKOUT = 'npm run -s vaktrom -- ';

/** The lines of all blocks of one language. */
const blocks = (page: string, language: string): string[] =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^ *```(\w+)\n(.*?)^ *```/gms)]
    .filter(([, kind]) => kind === language)
    .map(([, , body = '']) => body.replaceAll(/^ {3}/gm, ''));

const commands = (page: string): string[] =>
  blocks(page, 'sh')
    .flatMap((block) => block.trim().split('\n'))
    .map((line) => line.replace(CHECKOUT, 'vaktrom '));

t.test('the README leads to a room', { timeout: 60_000 }, async (t) => {
  await using homeserver = await openHomeserver({ serverName: 'example.org' });
  const account = { baseUrl: homeserver.url, password: 'password of alice' };
  await using alice = await openPerson({ ...account, name: 'alice', register: true });
  homeserver.state.accounts.register('vaktrom', 'password of the bot');
  const server = { baseUrl: homeserver.url, serverName: 'example.org', register: async () => {} };
  await using house = await House.open(server);
  await writeFile(join(house.folder, 'password'), 'password of the bot\n');
  const room = await alice.createRoom(['@vaktrom:example.org']);

  const listed = commands('README.md').filter((line) => line.startsWith('vaktrom '));
  t.ok(listed.length >= 7, `${listed.length} commands`);
  let line = '';
  for (const command of listed) {
    const args = command.replace('https://matrix.example.org', homeserver.url).split(' ').slice(1);
    if (args[0] === 'run') {
      await house.run(join(house.folder, 'ops'));
      continue;
    }
    const { code, stdout, stderr } = await vaktromIn(house.folder, ...args);
    // As root the daemon works, and doctor says that it should not.
    const expected = args[0] === 'doctor' && process.getuid?.() === 0 ? 1 : 0;
    t.equal(code, expected, `${command}\n${stdout}${stderr}`);
    if (args[0] === 'identity') {
      line = stdout.trim();
      await writePolicy(join(house.folder, 'ops', 'policy.yaml'), line, room);
    }
  }
  t.equal(line, `- { id: "@alice:example.org", identity: "${await alice.masterKey()}" }`);
  await alice.waitForMembership(room, { userId: '@vaktrom:example.org', membership: 'join' });
  await alice.say(room, '!uptime');
  const heard = await alice.waitFor(room, (h) => /✓ uptime/.test(h.body));
  t.match(heard.body, /load average/);
});

/** The policy of the README, with its two placeholders filled in. */
async function writePolicy(path: string, line: string, room: string): Promise<void> {
  const [policy = ''] = blocks('README.md', 'yaml');
  await writeFile(
    path,
    policy.replace(/- \{ id: "@alice.*\}/, line).replace('!the-room-id:example.org', room),
  );
}

t.test('the commands of docs/operations.md are commands', { timeout: 60_000 }, async (t) => {
  await using homeserver = await openHomeserver({ serverName: 'example.org' });
  const register = async (name: string, password: string) =>
    homeserver.state.accounts.register(name, password);
  await using house = await House.open({
    baseUrl: homeserver.url,
    serverName: 'example.org',
    register,
  });
  const example = join(ROOT, 'policies', 'example', 'policy.yaml');
  t.equal((await house.init(await readFile(example, 'utf8'))).code, 0);
  // The example asks for passkeys.
  const web =
    'web: { listen: "127.0.0.1:8480", origin: "https://ops.example.org", rp_id: example.org }\n';
  await appendFile(join(house.dir, 'vaktrom.yaml'), web);
  await cp(house.dir, join(house.folder, 'ops'), { recursive: true });
  for (const command of commands('docs/operations.md')) {
    const { code, stderr } = await vaktromIn(house.folder, ...command.split(' ').slice(1));
    const expected = command.includes('doctor') && process.getuid?.() === 0 ? 1 : 0;
    t.equal(code, expected, `${command} ${stderr}`);
  }
});
