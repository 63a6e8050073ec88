import t from 'tap';
import { openReload, type Reloaded } from '../../src/control/reload.ts';

const SHA256 = 'ab'.repeat(32);

/** What somebody is told who asks for it, and the exit code that their client takes. */
async function ask(reloaded: Reloaded) {
  const printed: string[] = [];
  const peer = {
    ...{ uid: 0, user: 'root', gone: new AbortController().signal },
    note: (text: string) => void printed.push(`note ${text}`),
    print: (text: string) => void printed.push(text),
    ask: async () => undefined,
  };
  const code = await openReload(async () => reloaded)(peer, {});
  return { code, printed };
}

t.test('the exit code says whether the file is the policy that counts', async (t) => {
  t.strictSame(await ask({ kind: 'loaded', policy: SHA256 }), {
    code: 0,
    printed: [`The policy is loaded: ${SHA256}`],
  });
  t.strictSame(await ask({ kind: 'unchanged', policy: SHA256 }), {
    code: 0,
    printed: [`The policy is the one that was loaded before: ${SHA256}`],
  });
  t.strictSame(await ask({ kind: 'rejected', policy: SHA256, problem: 'policy.yaml:3:1: no' }), {
    code: 1,
    printed: ['The new policy is not valid, so the old one stays: policy.yaml:3:1: no'],
  });
});
