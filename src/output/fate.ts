/** What became of a request, in one sentence, for somebody who comes back to it later. */
import type { ClosedEntry, EndEntry, Remembered } from '../audit/history.ts';
import type { State } from '../request/life.ts';
import { describeExit } from './exit-code.ts';
import { safeLine } from './text.ts';

/** Of a request that is over, or that the daemon does not hold any more. */
export function renderFate({ request, closed, end }: Remembered): string {
  if (end) return endSentence(end);
  if (closed) return safeLine(closedSentence(closed, request.frozen.actor.person));
  return request.decision === 'deny' ? 'The policy refused it.' : 'It is not open any more.';
}

/** Of a request that is alive and waits for nobody's proof any more; undefined while it does. */
export function renderProgress(state: State, requester: string): string | undefined {
  switch (state.kind) {
    case 'new':
    case 'waiting':
      return undefined;
    case 'granted':
      return `Everything is given: ${requester} may start it.`;
    case 'checking':
    case 'intending':
    case 'running':
      return 'It is running.';
    case 'ending':
    case 'ended':
    case 'closing':
    case 'closed':
      return 'It has ended.';
  }
}

function endSentence({ outcome, exit, seq }: EndEntry): string {
  const said = {
    exited:
      exit === 0
        ? 'It ran and ended well (exit 0).'
        : `It ran and ended with ${describeExit(exit ?? -1)}.`,
    timed_out: 'It ran out of time and was stopped.',
    cancelled: 'It was cancelled while it ran.',
    stopped: 'It was stopped because the daemon was shut down.',
    not_started: 'It could not be started.',
    unknown: 'What became of it is not known: the daemon was interrupted.',
    given: 'It is allowed from now on, as it was asked for.',
  } as const;
  return `${said[outcome]} It stands in the log as entry ${seq}.`;
}

function closedSentence({ how, by, because, changes, seq }: ClosedEntry, asker: string): string {
  const said = {
    refused: 'The policy refused it.',
    denied: `It was denied by ${by ?? 'somebody'}${because ? `: “${because}”.` : '.'}`,
    withdrawn: `${asker} withdrew it.`,
    expired: 'It expired: what was missing did not come in time.',
    voided: `It is void, because something changed: ${(changes ?? []).join('; ')}.`,
  } as const;
  return `${said[how]} Nothing was run. It stands in the log as entry ${seq}.`;
}
