import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { parsePolicy } from '../src/config/policy-file.ts';
import type { Policy } from '../src/policy/model.ts';
import { openPolicyReload } from '../src/policy-reload.ts';
import { SMALL } from './config/fixtures/policies.ts';

/** Different policies, by a comment. */
function policy(comment: string): Policy {
  const parsed = parsePolicy(`${SMALL}# ${comment}\n`, 'p');
  if (!parsed.ok) throw new Error('it is not valid');
  return parsed.value.policy;
}
const [OLD, NEW, NEWER] = [policy('old'), policy('new'), policy('newer')];

function openStand() {
  const files: Promise<Policy>[] = [];
  const [entries, logged]: [unknown[], unknown[]] = [[], []];
  let current = OLD;
  const log = {
    info: (facts: unknown) => void logged.push(facts),
    warn() {},
    error: (facts: unknown) => void logged.push(facts),
  };
  const reload = openPolicyReload({
    read: () => files.shift() ?? Promise.reject(new Error('nothing to read')),
    current: () => current,
    async replaceBy(next) {
      current = next;
    },
    ledger: { append: async (...bodies) => entries.push(...bodies) },
    log,
  });
  return { files, entries, logged, reload, current: () => current };
}

t.test('what is read takes the place of what counted before', async (t) => {
  const stand = openStand();
  stand.files.push(Promise.resolve(NEW), Promise.resolve(NEW));
  t.strictSame(await stand.reload(), { kind: 'loaded', policy: NEW.sha256 });
  t.equal(stand.current(), NEW);
  t.strictSame(stand.logged, [{ policy: NEW.sha256 }]);
  t.strictSame(await stand.reload(), { kind: 'unchanged', policy: NEW.sha256 });
  t.strictSame(stand.entries, []);
});

t.test('what is not valid is recorded, and the old policy stays', async (t) => {
  const stand = openStand();
  const problem = `p:1:1: ${'no'.repeat(3000)}`;
  stand.files.push(Promise.reject(new Error(problem)));
  const said = { policy: OLD.sha256, problem: problem.slice(0, 4000) };
  t.strictSame(await stand.reload(), { kind: 'rejected', ...said });
  t.equal(stand.current(), OLD);
  t.strictSame(stand.entries, [{ type: 'policy.rejected', ...said }]);
  t.strictSame(stand.logged, [{ problem: said.problem }]);
});

t.test('the file that was read last counts, however long an earlier reading takes', async (t) => {
  const stand = openStand();
  const slow = Promise.withResolvers<Policy>();
  stand.files.push(slow.promise, Promise.resolve(NEWER));
  const both = [stand.reload(), stand.reload()];
  await setImmediate(); // a second reading that did not wait would be over by now
  slow.resolve(NEW);
  t.strictSame(await Promise.all(both), [
    { kind: 'loaded', policy: NEW.sha256 },
    { kind: 'loaded', policy: NEWER.sha256 },
  ]);
  t.equal(stand.current(), NEWER);
});
