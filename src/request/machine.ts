/**
 * The life of one request: (state, happening) → (state, effects). Pure and total; the caller carries
 * happenings in and effects out, one after the other.
 *
 *   new ─▶ waiting ─▶ (granted ─▶) checking ─▶ intending ─▶ running ─▶ ending ─▶ ended
 *    └────────┴───────────┴───────────┴─▶ closing ─▶ closed
 *
 * The invariants that everything rests on, and where they stand:
 * 1. `run` is an effect of `recorded` in `intending` and of nothing else: no process starts before the
 *    entry of its intent is durable; and `intending` is left by it, so there is one run at most.
 * 2. `intending` is reached only through a decision to allow that was made of what is on record, in the
 *    moment after a check found everything as it was frozen.
 * 3. `ended` and `closed` are reached only by `recorded`, and are never left: nothing is announced
 *    before it is durable, nothing happens after a denial, an expiry or an end.
 */
import type { Actor, EntryBody } from '../audit/body.ts';
import type { Instant } from '../base/ids.ts';
import type { Decision } from '../policy/decision.ts';
import {
  cancelEntry,
  endEntry,
  grantEntry,
  requestEntry,
  reviewEntries,
  signOffEntry,
  startEntry,
} from './entries.ts';
import { NOTHING, withFactor, withSignOff } from './gathered.ts';
import { type Checking, close, halt, type Open, unmoved } from './halt.ts';
import type { Ending, Gathered, Happening, Next, Progress, SignOff, State, World } from './life.ts';
import type { Request } from './request.ts';

export function advance(request: Request, state: State, happening: Happening, world: World): Next {
  switch (state.kind) {
    case 'new':
      if (happening.kind === 'resumed') return takeUp(request, happening, world);
      return happening.kind === 'asked' ? begin(request, world) : unmoved(state);
    case 'waiting':
    case 'granted':
      return wait(request, state, happening, world);
    case 'checking':
      return check(request, state, happening, world);
    case 'intending':
      return happening.kind === 'recorded' ? start(state.gathered, world) : unmoved(state);
    case 'running':
      return run(request, state, happening);
    case 'ending':
      return happening.kind === 'recorded'
        ? last({ kind: 'ended', ending: state.ending, entry: happening.entry })
        : unmoved(state);
    case 'closing':
      return happening.kind === 'recorded'
        ? last({ kind: 'closed', closing: state.closing, entry: happening.entry })
        : unmoved(state);
    case 'ended':
    case 'closed':
      return unmoved(state);
  }
}

const last = (state: State): Next => ({ state, effects: [{ kind: 'show', final: true }] });

function begin(request: Request, world: World): Next {
  const decision = world.decide(NOTHING);
  const heard = requestEntry(request, decision);
  switch (decision.kind) {
    case 'deny':
      return {
        state: { kind: 'closing', closing: { kind: 'refused', decision } },
        effects: [{ kind: 'record', entries: [heard] }],
      };
    case 'allow':
      // Frozen in this very moment: there is nothing that could have changed.
      return proceed(request, NOTHING, [heard], decision);
    case 'pending':
      return {
        state: { kind: 'waiting', gathered: NOTHING, missing: decision.missing },
        effects: [{ kind: 'record', entries: [heard] }],
      };
  }
}

/** A restart gives nobody more time than there was. */
function takeUp(
  request: Request,
  { gathered, grantedAt }: Happening & { readonly kind: 'resumed' },
  world: World,
): Next {
  const { expiresAt, startWithinMs } = request.frozen;
  const isGranted = grantedAt !== undefined && startWithinMs > 0;
  const untilAt = isGranted ? grantedAt + startWithinMs : expiresAt;
  if (world.now >= untilAt) return close(request, { kind: 'expired' });
  return isGranted
    ? { state: { kind: 'granted', gathered, untilAt }, effects: [{ kind: 'show', final: false }] }
    : weigh(request, gathered, world);
}

const deadline = (request: Request, state: Open): Instant =>
  state.kind === 'granted' ? state.untilAt : request.frozen.expiresAt;

function wait(request: Request, state: Open, happening: Happening, world: World): Next {
  if (world.now >= deadline(request, state)) return close(request, { kind: 'expired' });
  const isRequester = (actor: Actor): boolean => actor.person === request.frozen.actor.person;
  switch (happening.kind) {
    case 'recorded':
      return state.kind === 'waiting'
        ? weigh(request, state.gathered, world)
        : { state, effects: [{ kind: 'show', final: false }] };
    case 'proven':
      return state.kind === 'waiting'
        ? weigh(request, withFactor(state.gathered, happening.factor), world)
        : unmoved(state);
    case 'signed_off':
      return state.kind === 'waiting' && !isRequester(happening.signOff.actor)
        ? signOff(request, state, happening.signOff)
        : unmoved(state);
    case 'begun':
      return state.kind === 'granted' && isRequester(happening.actor)
        ? lookAgain({ ...state, isGranted: true })
        : unmoved(state);
    default:
      return halt(request, state, happening);
  }
}

/** Is that enough? Decided anew each time, so that who may no longer approve no longer counts. */
function weigh(request: Request, gathered: Gathered, world: World): Next {
  const decision: Decision = world.decide(gathered);
  switch (decision.kind) {
    case 'deny':
      return close(request, { kind: 'refused', decision });
    case 'pending':
      return {
        state: { kind: 'waiting', gathered, missing: decision.missing },
        effects: [{ kind: 'show', final: false }],
      };
    case 'allow': {
      const { startWithinMs } = request.frozen;
      return startWithinMs === 0
        ? lookAgain({ gathered, isGranted: false, untilAt: request.frozen.expiresAt })
        : {
            state: { kind: 'granted', gathered, untilAt: world.now + startWithinMs },
            effects: [{ kind: 'record', entries: [grantEntry(request, gathered)] }],
          };
    }
  }
}

type Waiting = State & { readonly kind: 'waiting' };

function signOff(request: Request, state: Waiting, given: SignOff): Next {
  const gathered = withSignOff(state.gathered, given);
  if (!gathered) return unmoved(state);
  return {
    state: { ...state, gathered },
    effects: [{ kind: 'record', entries: [signOffEntry(request, given)] }],
  };
}

const lookAgain = ({ gathered, isGranted, untilAt }: Omit<Checking, 'kind'>): Next => ({
  state: { kind: 'checking', gathered, isGranted, untilAt },
  effects: [{ kind: 'check' }],
});

function check(request: Request, state: Checking, happening: Happening, world: World): Next {
  // The homeserver can let the check wait for its answer.
  if (world.now >= state.untilAt) return close(request, { kind: 'expired' });
  if (happening.kind !== 'checked') return halt(request, state, happening);
  if (happening.changes.length > 0)
    return close(request, { kind: 'voided', changes: happening.changes });
  const { gathered } = state;
  const decision = world.decide(gathered);
  // A window may have closed meanwhile, or an approver have lost a role.
  if (decision.kind !== 'allow') return weigh(request, gathered, world);
  const before = state.isGranted ? [] : [grantEntry(request, gathered)];
  return proceed(request, gathered, before, decision);
}

type Allowed = Decision & { readonly kind: 'allow' };

/** Everything is given: the intent goes on record, or, of an allowance, that it is given. */
function proceed(
  request: Request,
  gathered: Gathered,
  before: readonly EntryBody[],
  { allowance }: Allowed,
): Next {
  if (request.frozen.kind === 'allowance')
    return {
      state: { kind: 'ending', ending: GIVEN },
      effects: [{ kind: 'record', entries: [...before, endEntry(request, GIVEN)] }],
    };
  return {
    state: { kind: 'intending', gathered },
    effects: [
      {
        kind: 'record',
        entries: [...before, startEntry(request, allowance), ...reviewEntries(request)],
      },
    ],
  };
}

const NO_PROGRESS: Progress = { tail: [], lines: 0, bytes: 0 };

const GIVEN: Ending = {
  outcome: { kind: 'given' },
  ms: 0,
  progress: NO_PROGRESS,
  sha256: '',
  cut: undefined,
};

const start = (gathered: Gathered, world: World): Next => ({
  state: {
    kind: 'running',
    gathered,
    sinceAt: world.now,
    progress: NO_PROGRESS,
    stopping: false,
  },
  effects: [{ kind: 'run' }],
});

function run(
  request: Request,
  state: State & { readonly kind: 'running' },
  happening: Happening,
): Next {
  switch (happening.kind) {
    case 'output':
      return {
        state: { ...state, progress: happening.progress },
        effects: [{ kind: 'show', final: false }],
      };
    case 'cancelled':
      return state.stopping
        ? unmoved(state)
        : {
            state: { ...state, stopping: true },
            effects: [
              { kind: 'stop', by: happening.actor.person },
              { kind: 'record', entries: [cancelEntry(request, happening.actor)] },
            ],
          };
    case 'run_ended':
      return {
        state: { kind: 'ending', ending: happening.ending },
        effects: [{ kind: 'record', entries: [endEntry(request, happening.ending)] }],
      };
    default:
      return unmoved(state);
  }
}
