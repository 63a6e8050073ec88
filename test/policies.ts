/** The policies that are shipped are checked, and tested, like code. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { schemaText } from '../src/cli/policy.ts';
import { type PolicyFile, parsePolicyFile } from '../src/config/policy-file.ts';
import { testPolicy } from '../src/config/policy-test.ts';
import { policyFile } from './config/fixtures/policies.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

t.test('the schema that editors complete from is the one of the code', async (t) => {
  // To write it: vaktrom policy schema > policies/policy.schema.json, then biome format --write.
  t.strictSame(JSON.parse(read('policies/policy.schema.json')), JSON.parse(schemaText('policy')));
});

const policies = globSync('policies/*/policy.yaml', { cwd: ROOT });

t.test('there are policies to look at', async (t) => t.ok(policies.length > 0));

for (const path of policies)
  t.test(path, async (t) => {
    const text = read(path);
    t.match(text, /^# yaml-language-server: \$schema=\.\.\/policy\.schema\.json\n/);
    t.match(parsePolicyFile(text, path), { ok: true });
    const file = policyFile(text);
    for (const { name, fault } of testPolicy(file)) t.equal(fault, undefined, name);
    for (const action of file.policy.actions.values())
      t.strictSame(
        outcomes(file, action.name),
        demanded(action.require),
        `tests of ${action.name}`,
      );
  });

/** What the tests of an action expect, each once. */
function outcomes({ expectations }: PolicyFile, action: string): readonly string[] {
  const about = expectations.filter(({ do: typed }) => new RegExp(`^!?${action}( |$)`).test(typed));
  return [...new Set(about.map(({ expect }) => expect))].toSorted();
}

/** Every action is tested for a yes and a no, and for waiting if it can wait. */
const demanded = ({ stepUp, approvals }: { stepUp: unknown; approvals: readonly unknown[] }) =>
  stepUp === undefined && approvals.length === 0 ? ['allow', 'deny'] : ['allow', 'deny', 'pending'];
