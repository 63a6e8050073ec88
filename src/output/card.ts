/** The card of a request: the one message that tells, edited in place, how far it has come. */

import type { Frozen } from '../audit/body.ts';
import type { EndEntry, Remembered } from '../audit/history.ts';
import { describeDenial, describeMissing } from '../policy/explain.ts';
import type { Action } from '../policy/model.ts';
import type { Closing, Ending, Gathered, Outcome, Progress, State } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import { type Block, code, costOfOutput, line, output, type Span, strong } from './block.ts';
import { shorten, takeEnd } from './cost.ts';
import { describeExit } from './exit-code.ts';
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
    case 'checking':
    case 'intending':
    case 'closing':
      return [title('…', request)];
    case 'waiting':
    case 'granted':
      return renderWaiting(request, state);
    case 'running':
    case 'ending':
      return renderRunning(request, state);
    case 'ended':
      return renderEnded(request, state.ending, state.entry);
    case 'closed':
      return renderClosed(request, state.closing, state.entry, action);
  }
}

const title = (mark: string, request: Request, ...rest: readonly Span[]): Block =>
  line(`${mark} `, strong(commandLine(request.frozen)), ` · request ${request.id}`, ...rest);

/** The command as it was understood, on one line. */
export function commandLine({ kind, action, values, allowance, urgent }: Frozen): string {
  const given = Object.entries(values);
  const words = [action, ...given.map(([name, v]) => (kind === 'run' ? v : `${name}=${v}`))];
  const extra = allowance
    ? ` ${allowance.times} times within ${formatDuration(allowance.forMs)}`
    : urgent === undefined
      ? ''
      : ' (break-glass)';
  return shortLine(`${kind === 'allowance' ? 'allow ' : ''}${words.join(' ')}${extra}`);
}

const shortLine = (text: string): string => shorten(safeLine(text), LINE_COST);

/** What exactly will run, as it is frozen. */
export const planLines = ({ frozen }: Request): Block[] => [
  line('runs ', code(shorten(safeArgv(frozen.argv), ARGV_COST)), ` ${describeSandbox(frozen)}`),
  ...(frozen.urgent === undefined ? [] : [line(`because ${shortLine(frozen.urgent)}`)]),
];

function renderWaiting(request: Request, state: State & { kind: 'waiting' | 'granted' }): Block[] {
  const { frozen } = request;
  const given = renderGathered(request, state.gathered);
  if (state.kind === 'granted')
    return [
      title('⏸', request),
      ...planLines(request),
      line(`${given} → granted: ${frozen.actor.person} may !start ${request.id}`),
    ];
  const needs = state.missing.map((m) => describeMissing(m, frozen.actor.person)).join(' · ');
  const within = formatDuration(frozen.expiresAt - frozen.createdAt);
  return [
    title('⏸', request),
    ...planLines(request),
    line(`needs ${needs} · within ${within}`),
    ...(given === '' ? [] : [line(given)]),
  ];
}

/** ✓ alice: totp  ✓ bob: sign-off */
export function renderGathered({ frozen }: Request, { factor, signOffs }: Gathered): string {
  const own = factor ? [`✓ ${frozen.actor.person}: ${factor}`] : [];
  const others = signOffs.map(
    (s) => `✓ ${s.actor.person}: sign-off${s.factor ? ` with ${s.factor}` : ''}`,
  );
  return [...own, ...others].join('  ');
}

function renderClosed(
  request: Request,
  closing: Closing,
  entry: number,
  action: Action | undefined,
): Block[] {
  const said = describeClosing(closing, action);
  return [title('✗', request), line(shortLine(said)), line(`entry ${entry}`)];
}

function describeClosing(closing: Closing, action: Action | undefined): string {
  switch (closing.kind) {
    case 'refused': {
      const { decision } = closing;
      return decision.kind === 'deny'
        ? `Refused. ${describeDenial(decision.because, action, decision.trace)}`
        : 'Refused.';
    }
    case 'denied':
      return `Denied by ${closing.by}${closing.reason === '' ? '.' : `: ${closing.reason}`}`;
    case 'withdrawn':
      return 'Withdrawn.';
    case 'expired':
      return 'Expired: what was missing did not come in time.';
    case 'voided':
      return `Void, because something changed: ${closing.changes.join('; ')}.`;
  }
}

function renderRunning(request: Request, state: State & { kind: 'running' | 'ending' }): Block[] {
  const progress = state.kind === 'running' ? state.progress : state.ending.progress;
  const stopping = state.kind === 'running' && state.stopping ? ' · stopping' : '';
  const given = state.kind === 'running' ? renderGathered(request, state.gathered) : '';
  return [
    title('▶', request, stopping),
    ...planLines(request),
    ...(given === '' ? [] : [line(`${given} → running`)]),
    ...tailOf(progress),
  ];
}

const CUT = {
  limit: 'output cut at the limit',
  slow: 'output cut: it took too long to show',
} as const;

function renderEnded(request: Request, ending: Ending, entry: number): Block[] {
  const { outcome, progress, ms, cut } = ending;
  const mark = isGood(outcome) ? '✓' : '✗';
  const facts = [
    describeOutcome(outcome),
    ...(outcome.kind === 'not_started' || outcome.kind === 'unknown' || outcome.kind === 'given'
      ? []
      : [`in ${formatDuration(ms)}`, plural(progress.lines, 'line')]),
    ...(isLong(progress) ? ['full output attached'] : []),
    ...(cut ? [CUT[cut]] : []),
    `entry ${entry}`,
  ];
  return [title(mark, request), line(facts.join(' · ')), ...tailOf(progress)];
}

const isGood = (outcome: Outcome): boolean =>
  outcome.kind === 'given' || (outcome.kind === 'exited' && outcome.exit === 0);

export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'exited':
      return describeExit(outcome.exit);
    case 'timed_out':
      return 'stopped: out of time';
    case 'cancelled':
      return `cancelled by ${outcome.by}`;
    case 'stopped':
      return 'stopped: the daemon was shut down';
    case 'not_started':
      return `not started: ${shortLine(outcome.reason)}`;
    case 'given':
      return 'allowed';
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
  return [...above, output(shown)];
}

/** The last lines, as many as fit; of one that is too long by itself, the end. */
function shownOf({ tail }: Progress): string[] {
  const shown: string[] = [];
  let left = TAIL_COST;
  for (const text of tail.slice(-TAIL_LINES).reverse()) {
    left -= costOfOutput(text);
    if (left < 0 && shown.length > 0) break;
    shown.unshift(left < 0 ? takeEnd(text, TAIL_COST) : text);
  }
  return shown;
}

function describeSandbox({ sandbox, limits }: Frozen): string {
  const network = sandbox.network.map(({ host, port }) => `${host}:${port}`).join(', ');
  const writes = sandbox.write.length > 0 ? `, writes ${sandbox.write.join(', ')}` : '';
  const reach = shorten(`${network ? `network ${network}` : 'no network'}${writes}`, LINE_COST);
  return `in sandbox, ${reach}, at most ${formatDuration(limits.timeoutMs)}`;
}

/** The last word on a request of an earlier life of the daemon, from the log alone. */
export function renderRemembered({ request, closed, end }: Remembered): Block[] {
  const name = `${commandLine(request.frozen)}`;
  const entry = (end ?? closed ?? request).seq;
  const said = end
    ? `${describeOutcome(outcomeOf(end))} · the output was lost when I was restarted`
    : `Not run: ${closed?.how ?? `refused (${request.because ?? request.decision})`}`;
  const mark = end && isGood(outcomeOf(end)) ? '✓' : '✗';
  return [
    line(`${mark} `, strong(name), ` · request ${request.request}`),
    line(`${said} · entry ${entry}`),
  ];
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
