/**
 * What a request rests on: its plan, its files, the policy's answer at any moment, and whether all of
 * that is still as it was frozen.
 */

import type { Frozen } from '../audit/body.ts';
import type { History } from '../audit/history.ts';
import type { Allowance, Standing } from '../audit/standing.ts';
import { canonicalJson, type Json } from '../base/bytes.ts';
import type { ActionName, EventId, PersonName, RoomName } from '../base/ids.ts';
import type { Plan } from '../execution/plan.ts';
import { planRun } from '../execution/plan-run.ts';
import { decide } from '../policy/decide.ts';
import type { Decision, Facts } from '../policy/decision.ts';
import type { Action, Policy } from '../policy/model.ts';
import type { Clock, HeldFiles, OpenFile } from '../ports.ts';
import type { Gathered, World } from '../request/life.ts';
import { freezeRequest, frozenEnv, type Request } from '../request/request.ts';
import type { Postures } from './postures.ts';

export interface GroundParts {
  readonly policy: () => Policy;
  readonly standing: Standing;
  readonly history: Pick<History, 'find'>;
  readonly postures: Postures;
  readonly clock: Clock;
  readonly nonce: () => string;
  readonly holdFiles: (paths: readonly string[]) => Promise<HeldFiles>;
  /** Is the requester's device still theirs, and are they still in the room? Each as a sentence's end. */
  readonly requesterChanges: (frozen: Frozen) => Promise<readonly string[]>;
}

/** What is asked for, before it is frozen. */
export interface Wish {
  readonly kind: Frozen['kind'];
  readonly action: Action;
  readonly values: Readonly<Record<string, string>>;
  readonly actor: Frozen['actor'];
  readonly source: Frozen['source'];
  readonly room: RoomName;
  readonly thread: EventId;
  /** SHA-256 of the policy that the action is of. */
  readonly policy: string;
  readonly urgent?: string;
  readonly allowance?: NonNullable<Frozen['allowance']>;
}

export interface Grounds {
  freeze(wish: Wish): Promise<{ readonly request: Request; readonly plan: Plan }>;
  /** The plan of a request of an earlier life; undefined when the policy no longer makes the same. */
  planAgain(request: Request): Promise<Plan | undefined>;
  worldOf(request: Request): World;
  actionOf(request: Request): Action | undefined;
  changesOf(request: Request): Promise<readonly string[]>;
  /** The files that its digest covers, as they are held. */
  heldFor(request: Request): readonly OpenFile[];
  /** Lets go of the files of a request that has ended. */
  release(request: Request): void;
}

/** What was frozen under another policy is not for this one to allow. */
const OUTDATED: Decision = {
  kind: 'deny',
  because: 'unevaluable',
  trace: [
    { check: 'policy', holds: false, need: 'the policy it was asked under', have: 'another one' },
  ],
};

export function openGrounds(parts: GroundParts): Grounds {
  const { policy, standing, history, postures, clock } = parts;
  const held = new Map<string, HeldFiles>();
  // Allowed, and its start not on record yet: what that uses up is taken already.
  const allowed = new Map<string, Taken>();

  const takenByOthers = ({ id }: Request): readonly Taken[] =>
    [...allowed].flatMap(([other, taken]) =>
      other === id || history.find(other)?.started ? [] : [taken],
    );

  const actionOf = ({ frozen }: Request): Action | undefined =>
    policy().actions.get(frozen.action as ActionName);

  const planOf = (action: Action, { values, actor }: Pick<Frozen, 'values' | 'actor'>): Plan =>
    planRun(action, values, actor.person);

  const factsFor = (request: Request, { factor, signOffs }: Gathered): Facts => ({
    now: clock.now(),
    factor,
    approvals: signOffs.map((s) => ({
      person: s.actor.person as PersonName,
      pinned: s.actor.pinned,
      factor: s.factor,
    })),
    freezes: standing.freezes(),
    drift: postures.drift(request.frozen.room as RoomName),
    reviewIsOpen:
      standing.reviews().length > 0 || takenByOthers(request).some(({ urgent }) => urgent),
    allowance: allowanceFor(request, standing.allowances(clock.now()), takenByOthers(request)),
  });

  /** Named by 30 bits of its digest: a name that is taken must not come to stand for two requests. */
  const freezeAnew = (frozen: Omit<Frozen, 'nonce'>, thread: EventId): Request => {
    const request = freezeRequest({ ...frozen, nonce: parts.nonce() }, thread);
    const isTaken = held.has(request.id) || history.find(request.id) !== undefined;
    return isTaken ? freezeAnew(frozen, thread) : request;
  };

  return {
    async freeze(wish) {
      const { action, thread, ...rest } = wish;
      const plan = planOf(action, wish);
      const holding = await parts.holdFiles([action.run[0], ...action.files]);
      const createdAt = clock.now();
      const frozen = {
        v: 1 as const,
        ...rest,
        action: action.name,
        effect: action.effect,
        argv: plan.argv,
        env: frozenEnv(plan.env),
        files: holding.files,
        sandbox: plan.sandbox,
        limits: plan.limits,
        createdAt,
        expiresAt: createdAt + action.require.withinMs,
        startWithinMs: action.require.startWithinMs,
      };
      const request = freezeAnew(frozen, thread);
      held.set(request.id, holding);
      return { request, plan };
    },
    async planAgain(request) {
      const { frozen } = request;
      const action = actionOf(request);
      if (!action || frozen.policy !== policy().sha256) return undefined;
      const plan = planOf(action, frozen);
      const { argv, env, sandbox, limits } = frozen;
      const again = [plan.argv, frozenEnv(plan.env), plan.sandbox, plan.limits];
      if (!same(again, [argv, env, sandbox, limits])) return undefined;
      const holding = await parts.holdFiles([action.run[0], ...action.files]);
      if (!same(holding.files, frozen.files)) {
        await holding[Symbol.asyncDispose]();
        return undefined;
      }
      held.set(request.id, holding);
      return plan;
    },
    actionOf,
    worldOf: (request) => ({
      now: clock.now(),
      decide(gathered) {
        const { kind, actor, action, values, room, urgent } = request.frozen;
        const ask = {
          person: actor.person as PersonName,
          pinned: actor.pinned,
          room: room as RoomName,
          action,
          values,
          isAllowance: kind === 'allowance',
          ...(urgent === undefined ? {} : { urgent }),
        };
        // Later, a change of the policy is a happening of its own, and is looked for before the start.
        const isNew = history.find(request.id) === undefined;
        const decision =
          isNew && request.frozen.policy !== policy().sha256
            ? OUTDATED
            : decide(policy(), ask, factsFor(request, gathered));
        if (decision.kind !== 'allow') allowed.delete(request.id);
        else
          allowed.set(request.id, { allowance: decision.allowance, urgent: urgent !== undefined });
        return decision;
      },
    }),
    async changesOf(request) {
      const { frozen, id } = request;
      if (frozen.effect !== 'read') await postures.look(frozen.room as RoomName);
      const files = (await held.get(id)?.changes()) ?? [];
      const requester = await parts.requesterChanges(frozen);
      // Last, since the policy may change while the others are looked at.
      const another = frozen.policy === policy().sha256 ? [] : ['the policy is another one'];
      return [...another, ...files, ...requester];
    },
    heldFor: ({ id }) => held.get(id)?.open ?? [],
    release({ id }) {
      void held.get(id)?.[Symbol.asyncDispose]();
      held.delete(id);
      allowed.delete(id);
    },
  };
}

const same = (one: unknown, other: unknown): boolean =>
  canonicalJson(one as Json) === canonicalJson(other as Json);

interface Taken {
  readonly allowance: string | undefined;
  /** A review of it will be open. */
  readonly urgent: boolean;
}

/** An allowance of the same person, for the same action and files, whose fixed values are those asked for. */
function allowanceFor(
  { frozen }: Request,
  allowances: readonly Allowance[],
  taken: readonly Taken[],
): string | undefined {
  if (frozen.kind !== 'run' || frozen.urgent !== undefined) return undefined;
  const fits = allowances.find(({ frozen: given, left, request }) => {
    const fixed = Object.entries(given.values);
    return (
      left > taken.filter(({ allowance }) => allowance === request).length &&
      given.actor.person === frozen.actor.person &&
      given.action === frozen.action &&
      given.policy === frozen.policy &&
      given.room === frozen.room &&
      same(given.files, frozen.files) &&
      fixed.every(([name, value]) => frozen.values[name] === value)
    );
  });
  return fits?.request;
}
