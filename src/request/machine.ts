/**
 * The life of one request: (state, happening) → (state, effects). Pure and total; the pipeline carries
 * happenings in and effects out, in order.
 *
 * Two invariants hold everything up, and both stand here:
 * 1. `run` is an effect of `recorded` in state `intending`, and of nothing else: no process starts
 *    before the entry of its intent is durable.
 * 2. A final state is reached only by `recorded`: nothing is announced as done before the entry of its
 *    outcome is durable.
 */
import type { Instant } from '../base/ids.ts';
import type { Decision } from '../policy/decide.ts';
import { cancelEntry, endEntry, requestEntry, startEntry } from './entries.ts';
import type { Effect, Happening, Progress, State } from './life.ts';
import type { Request } from './request.ts';

export interface Next {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export function advance(request: Request, state: State, happening: Happening, now: Instant): Next {
  switch (happening.kind) {
    case 'decided':
      return state.kind === 'new' ? decided(request, happening.decision) : unmoved(state);
    case 'recorded':
      return recorded(state, happening.entry, now);
    case 'output':
      return state.kind === 'running'
        ? {
            state: { ...state, progress: happening.progress },
            effects: [{ kind: 'show', final: false }],
          }
        : unmoved(state);
    case 'cancelled':
      return state.kind === 'running' && !state.stopping
        ? {
            state: { ...state, stopping: true },
            effects: [
              { kind: 'stop', by: happening.by.person },
              { kind: 'record', entries: [cancelEntry(request, happening.by)] },
            ],
          }
        : unmoved(state);
    case 'run_ended':
      return state.kind === 'running'
        ? {
            state: { kind: 'ending', ending: happening.ending },
            effects: [{ kind: 'record', entries: [endEntry(request, happening.ending)] }],
          }
        : unmoved(state);
  }
}

/** A happening that does not fit the state changes nothing: late, doubled, or of another life. */
const unmoved = (state: State): Next => ({ state, effects: [] });

function decided(request: Request, decision: Decision): Next {
  const heard = requestEntry(request, decision);
  return decision.kind === 'allow'
    ? {
        state: { kind: 'intending', decision },
        effects: [{ kind: 'record', entries: [heard, startEntry(request)] }],
      }
    : {
        state: { kind: 'refusing', decision },
        effects: [{ kind: 'record', entries: [heard] }],
      };
}

const NO_PROGRESS: Progress = { tail: [], lines: 0, bytes: 0 };

function recorded(state: State, entry: number, now: Instant): Next {
  switch (state.kind) {
    case 'intending':
      return {
        state: { kind: 'running', sinceAt: now, progress: NO_PROGRESS, stopping: false },
        effects: [{ kind: 'run' }],
      };
    case 'refusing':
      return {
        state: { kind: 'refused', decision: state.decision, entry },
        effects: [{ kind: 'show', final: true }],
      };
    case 'ending':
      return {
        state: { kind: 'ended', ending: state.ending, entry },
        effects: [{ kind: 'show', final: true }],
      };
    default:
      return unmoved(state);
  }
}
