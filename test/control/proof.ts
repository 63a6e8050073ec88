/** Whatever is put in the place of a proof, it proves nothing but whose own fresh file it is. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { makeControlFolder } from '../../src/control/folder.ts';
import {
  type Challenge,
  hostAnswer,
  isHost,
  openProofs,
  proofContent,
} from '../../src/control/proof.ts';
import { openOwnFolder } from '../../src/demo/folder.ts';
import { asRoot, isRoot } from '../support/as-root.ts';

const ASK = '{"v":1,"verb":"say","fields":{"text":"status"}}';
const ME = process.getuid?.() ?? -1;
const ONLY_ROOT = asRoot('only root can give a file to somebody else');
const OTHER = 61_234;
const WITHOUT_ANSWER =
  'it is of root or of my own user, and the answer that they can give is missing';

async function open(t: Test) {
  const place = await openOwnFolder('proofs');
  t.teardown(() => place[Symbol.asyncDispose]());
  const folder = await makeControlFolder(join(place.path, 'control'));
  const proofs = await openProofs(folder);
  const pathOf = ({ name }: Challenge) => join(folder, 'proofs', name);
  const contentOf = ({ name }: Challenge) => proofContent(proofs.folder, name, ASK);
  const answer = (challenge: Challenge): string => {
    writeFileSync(pathOf(challenge), contentOf(challenge), { flag: 'wx' });
    chmodSync(pathOf(challenge), 0o644);
    return pathOf(challenge);
  };
  /** As root or the daemon's user would: these tests run as one of them. */
  const redeem = (challenge: Challenge) => {
    const secret = readFileSync(join(folder, 'host/secret'), 'utf8');
    return challenge.redeem(ASK, hostAnswer(proofs.folder, challenge.name, ASK, secret));
  };
  return { folder, proofs, pathOf, contentOf, answer, redeem };
}

t.test('the owner of a fresh file is who it is', async (t) => {
  const { folder, proofs, answer, redeem } = await open(t);
  t.equal(lstatSync(join(folder, 'proofs')).mode & 0o7777, 0o1733);
  const challenge = proofs.issue();
  const path = answer(challenge);
  t.strictSame(await redeem(challenge), { ok: true, value: ME });
  t.notOk(existsSync(path), 'and the file is gone');
});

t.test('the owner of a fresh file is somebody else', ONLY_ROOT, async (t) => {
  const { proofs, answer, redeem } = await open(t);
  const another = proofs.issue();
  chownSync(answer(another), OTHER, 0);
  t.strictSame(await redeem(another), { ok: true, value: OTHER });
});

t.test('a proof is good for one look, right or wrong', async (t) => {
  const { proofs, answer, redeem } = await open(t);
  const challenge = proofs.issue();
  answer(challenge);
  t.ok((await redeem(challenge)).ok);
  answer(challenge);
  t.hasStrict(await redeem(challenge), { ok: false, error: 'it was looked at before' });
  const early = proofs.issue();
  t.hasStrict(await redeem(early), { ok: false, error: 'there is no such file' });
  answer(early);
  t.hasStrict(await redeem(early), { ok: false, error: 'it was looked at before' });
  t.not(proofs.issue().name, proofs.issue().name);
});

t.test('root and the own user of the daemon need more than a file', async (t) => {
  const { folder, proofs, answer } = await open(t);
  const secretFile = join(folder, 'host/secret');
  t.equal(lstatSync(secretFile).mode & 0o7777, 0o600);
  const secret = readFileSync(secretFile, 'utf8');
  const other = proofs.issue();
  const answers: Record<string, (name: string) => string | undefined> = {
    'no answer': () => undefined,
    'the secret itself': () => secret,
    'one without the secret': (name) => hostAnswer(proofs.folder, name, ASK, ''),
    'one to another challenge': () => hostAnswer(proofs.folder, other.name, ASK, secret),
    'one to another question': (name) => hostAnswer(proofs.folder, name, '{}', secret),
    'one for another place': (name) => hostAnswer('/tmp/evil', name, ASK, secret),
  };
  for (const [what, give] of Object.entries(answers)) {
    const challenge = proofs.issue();
    answer(challenge);
    const owner = await challenge.redeem(ASK, give(challenge.name));
    t.strictSame(owner, { ok: false, error: WITHOUT_ANSWER }, what);
  }
  await openProofs(folder);
  t.not(readFileSync(secretFile, 'utf8'), secret, 'the secret is new at each start');
});

t.test('the host is root and the own user of the daemon, and nobody else', async (t) => {
  const { getuid } = process;
  t.teardown(() => Object.defineProperty(process, 'getuid', { value: getuid }));
  Object.defineProperty(process, 'getuid', { value: () => OTHER, configurable: true });
  t.strictSame([0, OTHER, OTHER + 1, 65_534].map(isHost), [true, true, false, false]);
});

t.test('everybody else needs no more than a file', ONLY_ROOT, async (t) => {
  const { proofs, answer } = await open(t);
  const challenge = proofs.issue();
  chownSync(answer(challenge), OTHER, 0);
  t.strictSame(await challenge.redeem(ASK, undefined), { ok: true, value: OTHER });
});

type Trick = (house: Awaited<ReturnType<typeof open>>, challenge: Challenge) => void;

/** A file of a victim's, in a folder where the attacker may do as they like. */
function victimFile(folder: string, content: string): string {
  const path = join(folder, 'theirs');
  writeFileSync(path, content);
  chmodSync(path, 0o644);
  if (isRoot) chownSync(path, OTHER, OTHER);
  return path;
}

const TRICKS: Readonly<Record<string, readonly [error: string | RegExp, trick: Trick]>> = {
  'nothing at all': ['there is no such file', () => {}],
  'a symbolic link to a good file': [
    'there is no such file',
    ({ folder, pathOf, contentOf }, c) => symlinkSync(victimFile(folder, contentOf(c)), pathOf(c)),
  ],
  'a hard link to a good file of another': [
    'it has 2 names',
    ({ folder, pathOf, contentOf }, c) => linkSync(victimFile(folder, contentOf(c)), pathOf(c)),
  ],
  "another's file, moved in": [
    'it does not hold what it should',
    ({ folder, pathOf }, c) => renameSync(victimFile(folder, 'notes'), pathOf(c)),
  ],
  'a file that others may write': [
    'others could have written it',
    ({ answer }, c) => chmodSync(answer(c), 0o666),
  ],
  'a file with an access list': [
    'others could have written it',
    ({ answer }, c) => chmodSync(answer(c), 0o664), // what a mask of rw shows as
  ],
  'a set-user-id file': [
    'others could have written it',
    ({ answer }, c) => chmodSync(answer(c), 0o4644),
  ],
  'a pipe': ['it is not a regular file', ({ pathOf }, c) => execFileSync('mkfifo', [pathOf(c)])],
  'a folder': ['it is not a regular file', ({ pathOf }, c) => mkdirSync(pathOf(c))],
  'the proof of another question': [
    'it does not hold what it should',
    ({ proofs, pathOf }, c) => {
      const content = proofContent(proofs.folder, c.name, ASK.replace('status', 'destroy'));
      writeFileSync(pathOf(c), content, { mode: 0o644 });
    },
  ],
  'the proof for another place, relayed': [
    'it does not hold what it should',
    ({ pathOf }, c) =>
      writeFileSync(pathOf(c), proofContent('/tmp/evil', c.name, ASK), { mode: 0o644 }),
  ],
  'the proof of an earlier challenge, renamed': [
    'it does not hold what it should',
    ({ proofs, answer, pathOf }, c) => renameSync(answer(proofs.issue()), pathOf(c)),
  ],
  'a proof with more behind it': [
    'it does not hold what it should',
    ({ pathOf, contentOf }, c) => writeFileSync(pathOf(c), `${contentOf(c)}\n`, { mode: 0o644 }),
  ],
};

for (const [what, [error, trick]] of Object.entries(TRICKS))
  t.test(`proves nothing: ${what}`, async (t) => {
    const house = await open(t);
    const challenge = house.proofs.issue();
    trick(house, challenge);
    t.hasStrict(await house.redeem(challenge), { ok: false, error });
    t.notOk(existsSync(house.pathOf(challenge)), 'and nothing of it is left');
  });

t.test(
  'proves nothing: a file that is older than the challenge, with the right words',
  async (t) => {
    const { folder, proofs, pathOf, contentOf, redeem } = await open(t);
    const theirs = join(folder, 'theirs');
    writeFileSync(theirs, '', { mode: 0o644 });
    await sleep(120);
    const challenge = proofs.issue();
    writeFileSync(theirs, contentOf(challenge)); // by a descriptor that somebody was handed
    utimesSync(theirs, new Date(), new Date());
    renameSync(theirs, pathOf(challenge));
    t.hasStrict(await redeem(challenge), {
      ok: false,
      error: 'it is older than the challenge',
    });
  },
);

t.test('proves nothing: a file of the user who stands for all strangers', ONLY_ROOT, async (t) => {
  const { proofs, answer, redeem } = await open(t);
  const challenge = proofs.issue();
  chownSync(answer(challenge), 65_534, 65_534);
  t.match(await redeem(challenge), { ok: false, error: /no user that is known/ });
});

t.test('two at once do not stand in for each other', async (t) => {
  const { proofs, answer, pathOf, redeem } = await open(t);
  const [one, two] = [proofs.issue(), proofs.issue()];
  answer(one);
  answer(two);
  renameSync(pathOf(one), `${pathOf(one)}x`);
  renameSync(pathOf(two), pathOf(one));
  renameSync(`${pathOf(one)}x`, pathOf(two));
  t.match(await redeem(one), { ok: false });
  t.match(await redeem(two), { ok: false });
});

t.test('what was left there goes at the next start; what is not ours stops it', async (t) => {
  const { folder, proofs, answer } = await open(t);
  answer(proofs.issue());
  mkdirSync(join(folder, 'proofs', 'empty'));
  symlinkSync('/etc/passwd', join(folder, 'proofs', 'link'));
  const later = await openProofs(folder);
  const alive = later.issue();
  await later.sweep(new AbortController().signal);
  t.strictSame(readdirSync(join(folder, 'proofs')), []);
  const file = join(folder, 'proofs', alive.name);
  writeFileSync(file, '');
  await later.sweep(new AbortController().signal);
  t.ok(existsSync(file), 'what answers a challenge is left alone');
  const other = await makeControlFolder(join(t.testdir(), 'other'));
  mkdirSync(join(t.testdirName, 'elsewhere'));
  symlinkSync(join(t.testdirName, 'elsewhere'), join(other, 'proofs'));
  await t.rejects(openProofs(other), { code: /^file_unsafe$/ });
});

t.test('a folder for proofs that is not ours stops the start', ONLY_ROOT, async (t) => {
  const other = await makeControlFolder(join(t.testdir(), 'other'));
  mkdirSync(join(other, 'proofs'));
  chownSync(join(other, 'proofs'), OTHER, OTHER);
  await t.rejects(openProofs(other), { code: /^file_unsafe$/ });
});
