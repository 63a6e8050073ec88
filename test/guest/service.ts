/**
 * The service on real Debians: systemd/README.md is typed as it stands, with a Synapse on the host's
 * loopback and people in an encrypted room, and then the host has its bad days.
 */
import t, { type Test } from 'tap';
import { eventually } from '../people/eventually.ts';
import { openSynapsePlace } from '../synapse/place.ts';
import { Operator, WAIT } from './fixtures/operator.ts';
import { blocksOf, chapterOf, tableOf } from './fixtures/page.ts';
import { SUITES, type Suite } from './guest.ts';

const PAGE = 'systemd/README.md';

t.jobs = SUITES.length + 1;
const server = await openSynapsePlace();
t.teardown(() => server[Symbol.asyncDispose]());

for (const suite of SUITES)
  t.test(`the service on ${suite}`, { buffered: true }, async (t) => {
    await using operator = await Operator.open(t, suite, server);
    await t.test('is installed as its page says, and answers', (t) => install(t, operator, suite));
    await t.test('reloads a policy, or says why not', (t) => reload(t, operator));
    await t.test('comes back when it is killed', (t) => kill(t, operator));
    await t.test('comes back when it hangs', (t) => hang(t, operator));
    await t.test('comes back however often it fails', (t) => fail(t, operator));
    await t.test('stays down where only a person can mend it', (t) => giveUp(t, operator));
    await t.test('lives through a full disk', (t) => fillDisk(t, operator));
    await t.test('lives through an action that eats the memory', (t) => eatMemory(t, operator));
    await t.test('gets its secrets as credentials', (t) => encrypt(t, operator));
    await t.test('takes up what waits after a reboot', (t) => reboot(t, operator));
    await t.test('bears each line that is there, and no other', (t) => harden(t, operator, suite));
    await t.test('has no line that takes nothing away', (t) => weigh(t, operator));
  });

async function install(t: Test, operator: Operator, suite: Suite): Promise<void> {
  const { guest, alice, bob, room, bot } = operator.parts;
  await guest.putFile('/opt/ops/wait', WAIT, '755');
  await guest.succeed('mkdir /opt/ops/signs');
  const [packages, forDebian12, setUp, people] = blocksOf(chapterOf(PAGE, 'Install'));
  await operator.follow(packages ?? []);
  if (suite === 'bookworm') await operator.follow(forDebian12 ?? []);
  await operator.follow(setUp ?? []);
  await checkOwners(t, operator);
  await alice.session.client.invite(room, bot);
  await alice.waitForMembership(room, { userId: bot, membership: 'join' });
  await operator.follow(people ?? []);
  await guest.succeed(
    `vaktrom identity pin ${bob.userId} --write --yes && systemctl reload vaktrom`,
  );
  await operator.ask('!uptime', (body) => body.startsWith('✓ uptime'));
}

async function reload(t: Test, operator: Operator): Promise<void> {
  const policy = '/etc/vaktrom/policy.yaml';
  t.equal((await operator.sh(`echo '# the same' >>${policy}; systemctl reload vaktrom`)).code, 0);
  t.equal(
    (
      await operator.sh(
        `cp ${policy} /root/good; echo nonsense >>${policy}; systemctl reload vaktrom`,
      )
    ).code,
    1,
  );
  const journal = await operator.sh('journalctl --unit=vaktrom --priority=err --output=cat');
  t.match(journal.stdout, /"problem":".*policy\.yaml:\d+:1: .*the new policy is not valid/);
  await operator.ask('!uptime', (body) => body.startsWith('✓ uptime'));
  t.equal((await operator.sh(`cat /root/good >${policy}; systemctl reload vaktrom`)).code, 0);
  const write = `runuser --user vaktrom -- sh -c 'echo more >>${policy}'`;
  t.not((await operator.sh(write)).code, 0, 'and the daemon could not have written it');
}

async function kill(t: Test, operator: Operator): Promise<void> {
  const before = await operator.show('MainPID');
  t.equal((await operator.sh(`kill -KILL ${before}`)).code, 0);
  await operator.restarted(before);
  t.equal((await operator.sh('vaktrom audit verify')).code, 0);
  await operator.ask('!uptime', (body) => body.startsWith('✓ uptime'));
}

async function hang(t: Test, operator: Operator): Promise<void> {
  await operator.override('WatchdogSec=12');
  t.equal((await operator.sh('systemctl restart vaktrom')).code, 0);
  const before = await operator.show('MainPID');
  const fed = new Set<string>();
  await eventually(async () => {
    fed.add(await operator.show('WatchdogTimestampMonotonic'));
    return fed.size > 3 || undefined;
  });
  t.equal(await operator.show('MainPID'), before, 'a daemon that gets on is left alone');
  t.match(await operator.show('StatusText'), /^in sync; 0 requests waiting; 0 running$/);
  t.equal((await operator.sh(`kill -STOP ${before}`)).code, 0);
  await operator.restarted(before);
  const journal = await operator.sh('journalctl --unit=vaktrom --output=cat');
  t.match(journal.stdout, /Watchdog timeout/);
  await operator.override();
}

async function fail(t: Test, operator: Operator): Promise<void> {
  await operator.override('RestartSec=100ms', 'RestartSteps=0');
  await operator.sh('mv /etc/vaktrom/policy.yaml /root/away; systemctl restart vaktrom');
  await eventually(async () => Number(await operator.show('NRestarts')) > 12 || undefined);
  const journal = await operator.sh('journalctl --unit=vaktrom --priority=err --output=cat');
  t.match(journal.stdout, /vaktrom: cannot read \/etc\/vaktrom\/policy\.yaml/);
  await operator.sh('mv /root/away /etc/vaktrom/policy.yaml');
  await operator.restarted('0');
  await operator.override();
}

/** What only a person can mend is not tried for ever. */
async function giveUp(t: Test, operator: Operator): Promise<void> {
  const policy = '/etc/vaktrom/policy.yaml';
  await operator.override('RestartSec=100ms', 'RestartSteps=0');
  await operator.sh(`cp -a ${policy} /root/good && echo 'version: 2' >${policy}`);
  t.equal((await operator.sh('systemctl restart vaktrom')).code, 1);
  const facts = ['ActiveState', 'ExecMainStatus', 'NRestarts'];
  const shown = await Promise.all(facts.map((fact) => operator.show(fact)));
  t.strictSame(shown, ['failed', '5', '0']);
  await operator.sh(`cp -a /root/good ${policy}`);
  t.equal((await operator.sh('systemctl start vaktrom')).code, 0);
  t.equal(await operator.show('ActiveState'), 'active');
  await operator.override();
}

/** A small file system in the place of that of the state, for the time of `work`. */
async function onSmallDisk(
  { parts: { guest } }: Operator,
  work: () => Promise<void>,
): Promise<void> {
  const state = '/var/lib/vaktrom';
  const exchange = (change: string) =>
    guest.succeed(
      `systemctl stop vaktrom && rm -rf /root/kept && cp -a ${state} /root/kept && ${change} &&
       cp -a /root/kept/. ${state} && systemctl start vaktrom`,
    );
  await exchange(`mount -t tmpfs -o size=96m small ${state}`);
  await work();
  await exchange(`umount ${state} && rm -r ${state}/*`);
}

async function fillDisk(t: Test, operator: Operator): Promise<void> {
  await onSmallDisk(operator, async () => {
    const pid = await operator.show('MainPID');
    const waiting = await operator.ask('!wait', (body) => body.startsWith('▶ wait'));
    await operator.sh('cat /dev/zero >/var/lib/vaktrom/filling');
    const refused = await operator.ask('!uptime', () => true);
    t.match(refused.body, /^The disk of my host is full, so I could not record this/);
    const doctor = await operator.sh('vaktrom doctor --unit');
    t.match(doctor.stdout, /^BAD {3}disk space for the audit log can be reserved: /m);
    t.equal(doctor.code, 1);
    await operator.sh('touch /opt/ops/signs/go');
    const ended = await operator.answerTo(waiting.thread, (body) => body.startsWith('✓ wait'));
    t.match(ended.body, /^exit 0 · /m, 'what ran has ended well, on record');
    await operator.sh('rm /opt/ops/signs/go /var/lib/vaktrom/filling');
    await operator.ask('!uptime', (body) => body.startsWith('✓ uptime'));
    t.equal(await operator.show('MainPID'), pid, 'all of it in one life of the daemon');
    const journal = await operator.sh('journalctl --unit=vaktrom --priority=err --output=cat');
    t.match(journal.stdout, /the disk is full: commands are refused/);
  });
  t.equal((await operator.sh('vaktrom audit verify')).code, 0);
}

async function eatMemory(t: Test, operator: Operator): Promise<void> {
  // Where systemd counts memory this is less than what the guest has, where it does not the guest ends it.
  await operator.override('MemoryMax=700M');
  await operator.sh('systemctl restart vaktrom');
  const pid = await operator.show('MainPID');
  const other = await operator.ask('!wait', (body) => body.startsWith('▶ wait'));
  const eaten = await operator.ask('!eat', (body) => /^exit|^not started/m.test(body));
  t.match(eaten.body, /^exit 137: killed, as a rule because it ran out of memory · /m);
  await operator.sh('touch /opt/ops/signs/go');
  await operator.answerTo(other.thread, (body) => body.startsWith('✓ wait'));
  await operator.sh('rm /opt/ops/signs/go');
  t.equal(await operator.show('MainPID'), pid, 'the daemon was left alone, and so was another run');
  await operator.override();
}

/** Nothing of the daemon's is anybody else's, and nothing else is the daemon's. */
async function checkOwners(t: Test, operator: Operator): Promise<void> {
  const found = await operator.sh(
    'find /var/lib/vaktrom ! -user vaktrom; find /etc/vaktrom ! -user root -o -perm /022',
  );
  t.strictSame(found, { code: 0, stdout: '', stderr: '' });
}

async function encrypt(t: Test, operator: Operator): Promise<void> {
  const [make, use] = blocksOf(chapterOf(PAGE, 'Secrets as credentials'));
  await operator.follow(make ?? []);
  t.equal(
    (await operator.sh('ls /var/lib/vaktrom/secrets')).stdout,
    '',
    'none lies there in clear',
  );
  const missing = await operator.sh('vaktrom check');
  t.match(missing, { code: 1, stderr: /type as root: vaktrom check --unit\n$/ });
  await operator.follow(use ?? []);
  await operator.ask('!uptime', (body) => body.startsWith('✓ uptime'));

  await operator.parts.guest.putFile('/root/password', 'password of the bot\n', '600');
  const rotate = 'vaktrom device rotate --password-file /root/password --unit';
  const rotated = await operator.sh(`systemctl stop vaktrom && ${rotate}`);
  t.equal(rotated.code, 0, rotated.stderr);
  await checkOwners(t, operator);
  const left = await operator.sh('ls /var/lib/vaktrom/secrets');
  t.equal(left.stdout, '', 'Synapse renews tokens, so the new ones are among the state');
  t.equal((await operator.sh('systemctl start vaktrom')).code, 0);
  await operator.ask('!uptime', (body) => body.startsWith('✓ uptime'));
}

const REQUEST = /^⏸ deploy web · request ([0-9A-Z]{4}-[0-9A-Z]{2})$/m;

async function reboot(t: Test, operator: Operator): Promise<void> {
  const { guest, bob, room } = operator.parts;
  const card = await operator.ask('!deploy web', (body) => REQUEST.test(body));
  const [, id = ''] = REQUEST.exec(card.body) ?? [];
  await guest.reboot();
  await operator.restarted('0');
  await operator.ask('!pending', (body) => body.includes(id));
  await bob.say(room, `!approve ${id}`);
  const done = await operator.answerTo(card.thread, (body) => body.startsWith('✓ deploy web'));
  t.match(done.body, /^│ deployed web$/m);
}

async function harden(t: Test, operator: Operator, suite: Suite): Promise<void> {
  const chapter = chapterOf(PAGE, 'What each line is for');
  const rows = tableOf(chapter, ['line', 'Debian 12', 'Debian 13', 'why']);
  t.ok(rows.length > 10, `${rows.length} lines`);
  for (const [line = '', on12 = '', on13 = ''] of rows) {
    const expected = suite === 'bookworm' ? on12 : on13;
    await operator.override(line);
    const { code, stdout, stderr } = await operator.sh('vaktrom doctor --unit');
    if (expected.startsWith('fine')) t.equal(code, 0, `${line}: ${stdout}${stderr}`);
    else {
      t.not(code, 0, line);
      t.ok(`${stdout}${stderr}`.includes(expected), `${line}: ${expected} in ${stdout}${stderr}`);
    }
  }
  await operator.override();
  t.equal((await operator.sh('vaktrom doctor --unit')).code, 0, 'without any of them all is well');
}

/** Lines that `systemd-analyze security` does not look at. */
const NOT_WEIGHED = [
  'PrivateIPC=yes',
  'SystemCallErrorNumber=EPERM',
  'SystemCallFilter=~@keyring io_uring_setup io_uring_enter io_uring_register kcmp name_to_handle_at userfaultfd',
];

async function weigh(t: Test, { parts: { guest } }: Operator): Promise<void> {
  const unit = await guest.succeed('cat /etc/systemd/system/vaktrom.service');
  const [, walls = ''] = unit.split(/^(?=NoNewPrivileges=)/m);
  const lines = (walls.split('[Install]')[0] ?? '').split('\n').filter((l) => /^\w/.test(l));
  t.ok(lines.length > 15, `${lines.length} lines`);
  const without = [undefined, ...lines].map((line) =>
    unit
      .split('\n')
      .filter((each) => each !== line)
      .join('\n'),
  );
  for (const [n, text] of without.entries())
    await guest.putFile(`/run/systemd/system/trial-${n}.service`, text);
  await guest.succeed('systemctl daemon-reload');
  const [whole, ...others] = await Promise.all(
    without.map((_, n) =>
      guest.succeed(`systemd-analyze security --json=short trial-${n}.service`),
    ),
  );
  t.strictSame(
    lines.filter((_, n) => others[n] === whole),
    NOT_WEIGHED,
  );
}
