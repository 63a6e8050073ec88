/** The card of a request: the one message that tells, edited in place, how far it has come. */

import type { EndEntry, Remembered } from '../audit/history.ts';
import type { Plan } from '../execution/plan.ts';
import { describeDenial, describeMissing } from '../policy/explain.ts';
import type { Action } from '../policy/model.ts';
import type { Ending, Outcome, Progress, State } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import { type Block, code, line, pre, type Span, strong } from './block.ts';
import { costOf, shorten, takeEnd } from './cost.ts';
import { formatDuration, plural } from './quantity.ts';
import { safeArgv, safeLine } from './text.ts';

/** What of a long output is shown in the message; the whole goes along as a file. */
const TAIL_LINES = 30;
// What each part of a card may cost, so that together they fit into a message (cost.ts).
const TAIL_COST = 9000;
const ARGV_COST = 6000;
const LINE_COST = 2000;

export function renderCard(request: Request, state: State, action: Action | undefined): Block[] {
  switch (state.kind) {
    case 'new':
    case 'refusing':
    case 'intending':
      return [title('…', request)];
    case 'refused':
      return renderRefused(request, state, action);
    case 'running':
    case 'ending':
      return renderRunning(request, state);
    case 'ended':
      return renderEnded(request, state.ending, state.entry);
  }
}

const title = (mark: string, request: Request, ...rest: readonly Span[]): Block =>
  line(`${mark} `, strong(commandLine(request)), ` · ${request.id}`, ...rest);

/** The command as it was understood, on one line. */
export const commandLine = ({ action, values }: Pick<Request, 'action' | 'values'>): string =>
  shortLine([action, ...Object.values(values)].join(' '));

const shortLine = (text: string): string => shorten(safeLine(text), LINE_COST);

const planLine = ({ plan }: Request): Block =>
  line('runs ', code(shorten(safeArgv(plan.argv), ARGV_COST)), ` ${describeSandbox(plan)}`);

function renderRefused(
  request: Request,
  { decision, entry }: State & { kind: 'refused' },
  action: Action | undefined,
): Block[] {
  if (decision.kind === 'pending') {
    const needs = decision.missing.map((m) => describeMissing(m, request.by.person)).join(' · ');
    return [
      title('⏸', request),
      planLine(request),
      line(`needs ${needs}`),
      line(`Not run: there is no way to give these yet. entry ${entry}`),
    ];
  }
  const why =
    decision.kind === 'deny' ? describeDenial(decision.because, action, decision.trace) : '';
  return [title('✗', request), line(`Refused. ${shortLine(why)}`), line(`entry ${entry}`)];
}

function renderRunning(request: Request, state: State & { kind: 'running' | 'ending' }): Block[] {
  const progress = state.kind === 'running' ? state.progress : state.ending.progress;
  const stopping = state.kind === 'running' && state.stopping ? ' · stopping' : '';
  return [title('▶', request, stopping), planLine(request), ...tailOf(progress)];
}

function renderEnded(request: Request, ending: Ending, entry: number): Block[] {
  const { outcome, progress, ms, capped } = ending;
  const mark = outcome.kind === 'exited' && outcome.exit === 0 ? '✓' : '✗';
  const facts = [
    describeOutcome(outcome),
    ...(outcome.kind === 'not_started' || outcome.kind === 'unknown'
      ? []
      : [`in ${formatDuration(ms)}`, plural(progress.lines, 'line')]),
    ...(isLong(progress) ? ['full output attached'] : []),
    ...(capped ? ['output cut at the limit'] : []),
    `entry ${entry}`,
  ];
  return [title(mark, request), line(facts.join(' · ')), ...tailOf(progress)];
}

export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'exited':
      return `exit ${outcome.exit}`;
    case 'timed_out':
      return 'stopped: out of time';
    case 'cancelled':
      return `cancelled by ${outcome.by}`;
    case 'stopped':
      return 'stopped: the daemon was shut down';
    case 'not_started':
      return `not started: ${shortLine(outcome.reason)}`;
    case 'unknown':
      return 'outcome unknown: the daemon was interrupted; look before you run it again';
  }
}

/** Is there more output than the message shows? */
export const isLong = (progress: Progress): boolean => {
  const shown = shownOf(progress);
  return shown.length < progress.lines || shown[0] !== progress.tail.at(-shown.length);
};

function tailOf(progress: Progress): Block[] {
  const shown = shownOf(progress);
  if (shown.length === 0) return [];
  const hidden = progress.lines - shown.length;
  const above = hidden > 0 ? [line(`… ${plural(hidden, 'line')} above`)] : [];
  return [...above, pre(shown.join('\n'))];
}

/** The last lines, as many as fit; of one that is too long by itself, the end. */
function shownOf({ tail }: Progress): string[] {
  const shown: string[] = [];
  let left = TAIL_COST;
  for (const text of tail.slice(-TAIL_LINES).reverse()) {
    left -= costOf(`${text}\n`);
    if (left < 0 && shown.length > 0) break;
    shown.unshift(left < 0 ? takeEnd(text, TAIL_COST) : text);
  }
  return shown;
}

export function describeSandbox({ sandbox, limits }: Plan): string {
  const network = sandbox.network.map(({ host, port }) => `${host}:${port}`).join(', ');
  const writes = sandbox.write.length > 0 ? `, writes ${sandbox.write.join(', ')}` : '';
  const reach = shorten(`${network ? `network ${network}` : 'no network'}${writes}`, LINE_COST);
  return `in sandbox, ${reach}, at most ${formatDuration(limits.timeoutMs)}`;
}

/** The last word on a request of an earlier life of the daemon, from the log alone. */
export function renderRemembered({ request, end }: Remembered): Block[] {
  const named = commandLine({ action: request.command, values: request.values });
  const entry = (end ?? request).seq;
  const said = end
    ? `${describeOutcome(outcomeOf(end))} · the output was lost when I was restarted · entry ${entry}`
    : `Not run (${request.because ?? request.missing?.join(', ') ?? request.decision}) · entry ${entry}`;
  const mark = end?.outcome === 'exited' && end.exit === 0 ? '✓' : '✗';
  return [line(`${mark} `, strong(named), ` · ${request.request}`), line(said)];
}

function outcomeOf(end: EndEntry): Outcome {
  switch (end.outcome) {
    case 'exited':
      return { kind: 'exited', exit: end.exit ?? -1 };
    case 'cancelled':
      return { kind: 'cancelled', by: 'a person' };
    case 'not_started':
      return { kind: 'not_started', reason: end.reason ?? '' };
    default:
      return { kind: end.outcome };
  }
}
