import t from 'tap';
import {
  describeReloaded,
  openReload,
  parseReloaded,
  type Reloaded,
} from '../../src/control/reload.ts';

const SHA256 = 'ab'.repeat(32);
const LOADED: Reloaded = { kind: 'loaded', policy: SHA256 };
const UNCHANGED: Reloaded = { kind: 'unchanged', policy: SHA256 };
const REJECTED: Reloaded = { kind: 'rejected', policy: SHA256, problem: 'policy.yaml:3:1: no' };

/** What somebody is told who asks for it, and the exit code that their client takes. */
async function ask(reloaded: Reloaded, uid = 0) {
  const said: string[] = [];
  let reloads = 0;
  const peer = {
    ...{ uid, user: 'root', gone: new AbortController().signal },
    note: (text: string) => void said.push(`note ${text}`),
    print: (text: string) => void said.push(text),
    ask: async () => undefined,
  };
  const reload = openReload(async () => {
    reloads++;
    return reloaded;
  });
  return { code: await reload(peer, {}), said, reloads };
}

t.test('the exit code says whether the file is the policy that counts', async (t) => {
  for (const [reloaded, code] of [
    [LOADED, 0],
    [UNCHANGED, 0],
    [REJECTED, 1],
  ] as const)
    t.strictSame(await ask(reloaded), { code, said: [JSON.stringify(reloaded)], reloads: 1 });
});

t.test('only root and the user of the daemon may ask for it', async (t) => {
  const own = process.getuid?.() ?? 0;
  t.equal((await ask(LOADED, own)).reloads, 1);
  t.strictSame(await ask(LOADED, own + 4242), {
    code: 1,
    said: ['note This is for root, or for the user that the daemon runs as.'],
    reloads: 0,
  });
});

t.test('the client reads what the daemon says, and nothing else', async (t) => {
  for (const reloaded of [LOADED, UNCHANGED, REJECTED])
    t.strictSame(parseReloaded(JSON.stringify(reloaded)), reloaded);
  for (const other of [
    'The policy is loaded',
    'null',
    '[]',
    '{}',
    JSON.stringify({ kind: 'loaded' }),
    JSON.stringify({ kind: 'rejected', policy: SHA256 }),
    JSON.stringify({ kind: 'other', policy: SHA256, problem: '' }),
  ])
    t.equal(parseReloaded(other), undefined, other);
});

t.test('a person is told which policy counts, and why', async (t) => {
  t.equal(describeReloaded(LOADED), `The policy is loaded: ${SHA256}`);
  t.equal(describeReloaded(UNCHANGED), `The policy is the one that was loaded before: ${SHA256}`);
  t.equal(
    describeReloaded(REJECTED),
    'The new policy is not valid, so the old one stays: policy.yaml:3:1: no',
  );
});
