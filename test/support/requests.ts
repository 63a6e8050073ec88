/** Requests of alice's, frozen as the desk freezes them. */
import type { Frozen } from '../../src/audit/body.ts';
import type { Plan } from '../../src/execution/plan.ts';
import { actorOf, sourceOf } from '../../src/request/entries.ts';
import { freezeRequest, frozenEnv, type Request } from '../../src/request/request.ts';
import { judge, type Trusted } from '../../src/trust/judge.ts';
import { NO_PAST, register, sighting } from './sightings.ts';

/** What `judge` makes of alice's command. */
export function trusted(): Trusted {
  const verdict = judge(sighting(), register(), NO_PAST);
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

export const ASKED_AT = Date.parse('2026-01-05T10:00:00Z');

/** `!deploy web 1.2.3`; what is missing can be given for 15 minutes, and then it starts by itself. */
export function frozen(change: Partial<Frozen> = {}): Frozen {
  const { argv, env, sandbox, limits } = plan();
  return {
    v: 1,
    kind: 'run',
    action: 'deploy',
    effect: 'change',
    values: { service: 'web', version: '1.2.3' },
    ...{ argv, env: frozenEnv(env), files: [], sandbox, limits },
    policy: 'f'.repeat(64),
    ...{ actor: actorOf(trusted()), source: sourceOf(trusted()), room: trusted().room },
    nonce: 'nonce',
    createdAt: ASKED_AT,
    expiresAt: ASKED_AT + 15 * 60_000,
    startWithinMs: 0,
    ...change,
  };
}

export const request = (change: Partial<Frozen> = {}): Request =>
  freezeRequest(frozen(change), trusted().thread);
