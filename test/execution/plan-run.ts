import fc from 'fast-check';
import t from 'tap';
import { planRun } from '../../src/execution/plan-run.ts';
import type { Action } from '../../src/policy/model.ts';
import { action } from '../support/ids.ts';

const deploy = (change: Partial<Action> = {}): Action => ({
  name: action('deploy'),
  summary: 'Deploy',
  run: ['/opt/ops/deploy', '--service={service}', '{version}', '{version}', 'plain'],
  env: { REGION: 'north' },
  parameters: [],
  effect: 'change',
  mode: 'enforce',
  roles: [],
  rooms: [],
  windows: [],
  require: { stepUp: undefined, approvals: [], withinMs: 1, startWithinMs: 0 },
  files: [],
  breakGlass: [],
  allowance: undefined,
  sandbox: {
    ...{ timeoutMs: 1, outputBytes: 2, memoryBytes: 3, processes: 4 },
    ...{ network: [{ host: 'deploy.internal', port: 443 }], read: ['/r'], write: ['/w'] },
  },
  ...change,
});

t.test('a plan is the action with the values in their places', async (t) => {
  const plan = planRun(deploy(), { service: 'web', version: '1.2.3' }, 'alice');
  t.strictSame(plan, {
    argv: ['/opt/ops/deploy', '--service=web', '1.2.3', '1.2.3', 'plain'],
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      REGION: 'north',
      VAKTROM_PERSON: 'alice',
    },
    sandbox: { network: [{ host: 'deploy.internal', port: 443 }], read: ['/r'], write: ['/w'] },
    limits: { timeoutMs: 1, outputBytes: 2, memoryBytes: 3, processes: 4 },
  });
});

t.test('an argument stays one argument, whatever its values hold', async (t) => {
  const values = fc.record({ service: fc.string(), version: fc.string() });
  fc.assert(
    fc.property(values, ({ service, version }) => {
      const { argv } = planRun(deploy(), { service, version }, 'alice');
      const wanted = ['/opt/ops/deploy', `--service=${service}`, version, version, 'plain'];
      return JSON.stringify(argv) === JSON.stringify(wanted);
    }),
  );
  t.pass();
});

t.test('a value is not filled in itself, and a dollar is a dollar', async (t) => {
  const { argv } = planRun(deploy(), { service: '{version}', version: "$&$1$`$'" }, 'alice');
  t.equal(argv[1], '--service={version}');
  t.equal(argv[2], "$&$1$`$'");
});

t.test('the program itself is never filled in', async (t) => {
  const odd = deploy({ run: ['/opt/{service}', '{service}'] });
  t.strictSame(planRun(odd, { service: 'x' }, 'a').argv, ['/opt/{service}', 'x']);
});

t.test('only values that were given are filled in, not what every object has', async (t) => {
  const odd = deploy({ run: ['/x', '{constructor}', '{toString}', '{valueof}', '{missing}'] });
  t.strictSame(planRun(odd, {}, 'a').argv, [
    '/x',
    '{constructor}',
    '{toString}',
    '{valueof}',
    '{missing}',
  ]);
});

t.test('a policy may set the environment, but not who is asking', async (t) => {
  const odd = deploy({ env: { PATH: '/only', VAKTROM_PERSON: 'somebody else' } });
  t.hasStrict(planRun(odd, {}, 'alice').env, { PATH: '/only', VAKTROM_PERSON: 'alice' });
});
