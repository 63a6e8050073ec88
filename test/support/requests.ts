/** Requests of alice's, frozen as the pipeline freezes them. */
import type { Plan } from '../../src/execution/plan.ts';
import { type Freeze, freezeRequest, type Request } from '../../src/request/request.ts';
import { judge, type Trusted } from '../../src/trust/judge.ts';
import { register, sighting } from './sightings.ts';

/** What `judge` makes of alice's command. */
export function trusted(): Trusted {
  const verdict = judge(sighting(), register(), () => undefined);
  if (verdict.kind !== 'trusted') throw new Error('alice is not trusted');
  return verdict;
}

export const plan = (change: Partial<Plan> = {}): Plan => ({
  argv: ['/opt/ops/deploy', 'web', '1.2.3'],
  env: { LANG: 'C.UTF-8' },
  sandbox: { read: [], write: [], network: [] },
  limits: { timeoutMs: 15 * 60_000, outputBytes: 1 << 20, memoryBytes: 1 << 28, processes: 64 },
  ...change,
});

export const request = (change: Partial<Freeze> = {}): Request =>
  freezeRequest({
    by: trusted(),
    action: 'deploy',
    effect: 'change',
    values: { service: 'web', version: '1.2.3' },
    plan: plan(),
    policy: 'f'.repeat(64),
    createdAt: Date.parse('2026-01-05T10:00:00Z'),
    nonce: 'nonce',
    ...change,
  });
