/**
 * README.md on a Debian with nothing but git and npm: its two commands, then its ten minutes up to the first
 * deployment, typed as they stand at a terminal, by an ordinary user and by root. The homeserver is a Synapse
 * on this host; people have clients of somebody else's making.
 */
import t, { type Test } from 'tap';
import { blocksUnder, followReadme } from '../story/newcomer.ts';
import { type AtTerminal, ENTER } from '../support/at-terminal.ts';
import { openSynapsePlace } from '../synapse/place.ts';
import { packCheckout } from './checkout.ts';
import { bootGuest, type Guest, SUITES, type Suite } from './guest.ts';

/** What README.md wants to be installed. */
const PACKAGES = ['git', 'npm'];
const BUNDLE = '/srv/vaktrom.bundle';
/** How an ordinary user gets the packages that only root may install. */
const WAYS: Readonly<Record<Suite, (t: Test, guest: Guest) => Promise<void>>> = {
  bookworm: maySudo,
  trixie: asksRoot,
};

t.jobs = SUITES.length;
for (const suite of SUITES)
  t.test(`README.md on ${suite}`, { buffered: true }, async (t) => {
    await using guest = await bootGuest({ suite, packages: PACKAGES });
    await guest.putFile(BUNDLE, await packCheckout('bundle'));
    await guest.succeed('useradd --create-home --shell /bin/bash ada');
    for (const user of ['ada', 'root']) {
      await guest.succeed(`git clone --quiet ${BUNDLE} vaktrom`, { user });
      if (user === 'ada') await WAYS[suite](t, guest);
      // The packages of ada's set-up, so that the second one asks the registry for none.
      else await guest.succeed('cp --recursive ~ada/.npm ~');
      await t.test(`as ${user}: the two commands`, (t) => runDemo(t, guest, user));
      await t.test(`as ${user}: ten minutes to the first deployment`, (t) =>
        follow(t, guest, user),
      );
    }
  });

const typeIn = (guest: Guest, user: string, line: string): AtTerminal =>
  guest.startAtTerminal(user, `cd vaktrom && ${line}`);

/** `npm run demo` and the prompt at its end. */
async function runDemo(t: Test, guest: Guest, user: string): Promise<void> {
  const [block] = blocksUnder('See it: two commands');
  t.strictSame(block?.body.split('\n'), ['npm run demo', 'npm test']);
  await using terminal = typeIn(guest, user, 'npm run demo');
  // Each step may be a slow one.
  await terminal.sees('setup: installing the dependencies of package-lock.json');
  await terminal.sees('setup: compiling node-pty');
  await terminal.sees(/^You are Alice, in the danger room/);
  await terminal.sees('   alice >');
  terminal.types(`!status web${ENTER}`);
  await terminal.sees('   alice > !status web');
  await terminal.sees('   alice >'); // the next question: this one was answered
  terminal.types(ENTER);
  t.equal((await terminal.ended).code, 0);
}

async function follow(t: Test, guest: Guest, user: string): Promise<void> {
  await using server = await openSynapsePlace();
  await followReadme(t, server, {
    type: (line) => typeIn(guest, user, line),
    writePolicy: async (input) => {
      await guest.succeed('cat >vaktrom-ops/policy.yaml', { user, input });
    },
  });
}

/** The set-up says what to type, and ada types that. */
async function maySudo(t: Test, guest: Guest): Promise<void> {
  await guest.succeed('apt-get -q update && apt-get -q -y install sudo');
  await guest.putFile('/etc/sudoers.d/ada', 'ada ALL=(ALL) NOPASSWD: ALL\n', '440');
  await typesIt(t, guest, 'ada', /^setup: .* Type: (sudo apt-get install .*)$/m);
}

/** Or root does. */
async function asksRoot(t: Test, guest: Guest): Promise<void> {
  await typesIt(t, guest, 'root', /^setup: .* Type, as root: (apt-get install .*)$/m);
}

async function typesIt(t: Test, guest: Guest, who: string, told: RegExp): Promise<void> {
  await using ada = typeIn(guest, 'ada', 'npm run demo');
  const { code, lines } = await ada.ended;
  t.equal(code, 1);
  const [, command = ''] = told.exec(lines.join('\n')) ?? [];
  t.not(command, '', lines.join('\n'));
  await guest.succeed('apt-get -q update');
  await using terminal = guest.startAtTerminal(who, command);
  await terminal.sees('Do you want to continue? [Y/n]');
  terminal.types(`Y${ENTER}`);
  t.equal((await terminal.ended).code, 0);
}
