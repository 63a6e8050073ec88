/** What somebody sees and types whom a command asks: every question, and what becomes of one that is not answered. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Authenticator } from '../people/authenticator.ts';
import { House } from '../story/house.ts';
import { openLoopback } from '../story/loopback-server.ts';
import {
  type AtTerminal,
  CTRL_C,
  CTRL_D,
  ENTER,
  type Ended,
  startAtTerminal,
} from '../support/at-terminal.ts';

const VAKTROM = join(import.meta.dirname, '..', '..', 'src', 'vaktrom.sh');
const POLICY = `version: 1
people: { alice: { roles: [ops], accounts: [{ id: "@alice:example.org" }] } }
rooms: {}
actions: {}
`;

const type = (...words: readonly string[]): AtTerminal =>
  startAtTerminal('sh', [VAKTROM, ...words]);

async function answer(terminal: AtTerminal, question: string, text: string): Promise<void> {
  await terminal.sees(question);
  terminal.types(`${text}${ENTER}`);
}

/** The command ends well, and no line of the screen shows what must not be seen. */
async function endsWell(t: Test, ended: Promise<Ended>, ...secrets: readonly string[]) {
  const { code, lines } = await ended;
  const screen = lines.join('\n');
  t.equal(code, 0, screen);
  for (const secret of secrets) t.notOk(screen.replaceAll('\n', '').includes(secret), screen);
  return lines;
}

t.test('every question is seen, and no secret', async (t) => {
  await using server = await openLoopback();
  await using house = await House.open(server);
  const made = await house.init(POLICY, '--json');
  t.equal(made.code, 0, made.stderr);
  const { recovery_key: key } = JSON.parse(made.stdout) as { recovery_key: string };

  await t.test('recover', async (t) => {
    const dir = join(house.folder, 'elsewhere');
    await using terminal = type('recover', '--dir', dir);
    await answer(terminal, 'Account of the bot (@name:server):', house.bot);
    await answer(terminal, 'Homeserver, by name or URL [localhost]:', server.baseUrl);
    await answer(terminal, 'Recovery key:', key);
    await answer(terminal, `Password of ${house.bot}:`, 'bot-password');
    const lines = await endsWell(t, terminal.ended, 'bot-password', key.slice(0, 9));
    t.strictSame(lines.slice(0, 5), [
      `Account of the bot (@name:server): ${house.bot}`,
      `Homeserver, by name or URL [localhost]: ${server.baseUrl}`,
      'Recovery key:',
      `Password of ${house.bot}:`,
      `${dir} is set up, for the same identity as before:`,
    ]);
  });

  await t.test('recover without the key makes nothing', async (t) => {
    const dir = t.testdir();
    const file = join(house.folder, 'password');
    const account = ['--homeserver', server.baseUrl, '--user', house.bot, '--password-file', file];
    for (const [keys, code, last] of [
      [CTRL_D, 1, 'vaktrom: a question was not answered'],
      [CTRL_C, null, 'Recovery key:'],
    ] as const) {
      await using terminal = type('recover', '--dir', dir, ...account);
      await terminal.sees('Recovery key:');
      terminal.types(keys);
      const ended = await terminal.ended;
      t.strictSame([ended.code, ended.lines.at(-1)], [code, last]);
      t.strictSame(await readdir(dir), []);
    }
  });

  await t.test('device rotate', async (t) => {
    await using terminal = type('device', 'rotate', '--dir', house.dir);
    await answer(terminal, `Password of ${house.bot}:`, 'bot-password');
    const lines = await endsWell(t, terminal.ended, 'bot-password');
    t.equal(lines[0], `Password of ${house.bot}:`);
    t.match(lines[1], /^[\w-]+ has taken the place of [\w-]+, under the same identity\.$/);
  });

  await house.run();
  const enrol = (): AtTerminal => type('enrol', 'totp', 'alice', '--dir', house.dir);
  const factors = async () => (await house.entries()).filter((e) => e.type.startsWith('factor.'));

  await t.test('enrol without a code sets nothing up', async (t) => {
    for (const [keys, code, last] of [
      [CTRL_D, 1, 'Nothing was set up.'],
      [CTRL_C, null, 'The code that the app shows:'],
    ] as const) {
      await using terminal = enrol();
      await terminal.sees('The code that the app shows:');
      terminal.types(keys);
      const ended = await terminal.ended;
      t.strictSame([ended.code, ended.lines.at(-1)], [code, last]);
    }
    t.strictSame(await factors(), []);
  });

  await t.test('enrol, after a wrong code', async (t) => {
    await using terminal = enrol();
    const shown = await terminal.sees('The code that the app shows:'); // all of the link is there
    const app = new Authenticator(shown.find((line) => line.startsWith('otpauth:')) ?? '');
    await answer(terminal, 'The code that the app shows:', 'no code');
    await terminal.sees(/^That is not the code/);
    await answer(terminal, 'The code that the app shows:', await app.next());
    const lines = await endsWell(t, terminal.ended);
    t.equal(lines.at(-1), '✓ The one-time codes of alice are set up.');
    t.strictSame(
      (await factors()).map(({ type: what }) => what),
      ['factor.enrolled'],
    );
  });
});
