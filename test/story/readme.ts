/** Whoever follows the documents gets to a room: their commands are run as they stand, in their order. */
import { readFileSync } from 'node:fs';
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openHomeserver } from '../../src/demo/homeserver/homeserver.ts';
import { startAtTerminal } from '../support/at-terminal.ts';
import { House, vaktromIn } from './house.ts';
import { openLoopback } from './loopback-server.ts';
import { followReadme } from './newcomer.ts';

const ROOT = join(import.meta.dirname, '..', '..');

t.test('the README leads to a room, and to the first deployment', async (t) => {
  await using server = await openLoopback();
  const home = t.testdir();
  await followReadme(t, server, {
    type: (line) => startAtTerminal('sh', ['-c', line], { cwd: ROOT, env: { HOME: home } }),
    writePolicy: (text) => writeFile(join(home, 'vaktrom-ops', 'policy.yaml'), text),
  });
});

/** The lines of all blocks that are typed. */
const commands = (page: string): string[] =>
  [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].flatMap(
    ([, body = '']) => body.trim().split('\n'),
  );

t.test('the commands of docs/operations.md are commands', async (t) => {
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
    t.equal(code, 0, `${command} ${stderr}`);
  }
});
