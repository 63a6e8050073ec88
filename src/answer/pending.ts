/** `pending` and `show <id>`: what waits, and what exactly a request is. */
import { parseRequestId } from '../base/ids.ts';
import { type Block, code, line, strong } from '../output/block.ts';
import { commandLine, planLines } from '../output/card.ts';
import { renderDigestWords } from '../output/digest-words.ts';
import { formatDuration } from '../output/quantity.ts';
import { safeLine } from '../output/text.ts';
import { describeMissing } from '../policy/explain.ts';
import { isConcerned } from '../policy/offers.ts';
import type { Context, Job } from './context.ts';

export function answerPending(context: Context): Block[] {
  const waiting = context.jobs.filter((job) => isWaiting(job) && concerns(job, context));
  if (waiting.length === 0) return [line('Nothing waits.')];
  return waiting.map(({ request: { id, frozen }, state }) =>
    line(
      strong(id),
      ` ${commandLine(frozen)} · ${frozen.actor.person} · ${describeState(state, frozen.actor.person)} · `,
      `${formatDuration(Math.max(0, frozen.expiresAt - context.now))} left`,
    ),
  );
}

const isWaiting = ({ state }: Job): boolean => state.kind === 'waiting' || state.kind === 'granted';

function describeState(state: Job['state'], requester: string): string {
  if (state.kind === 'waiting')
    return `needs ${state.missing.map((m) => describeMissing(m, requester)).join(' · ')}`;
  return state.kind === 'granted' ? 'granted, to be started' : state.kind;
}

/** Everything that a sign-off would be for, with the digest that names it. */
export function answerShow(typed: string, context: Context): Block[] {
  const id = parseRequestId(typed);
  if (!id.ok) return [line(`${id.error}.`)];
  const job = context.jobs.find(
    ({ request }) => request.id === id.value && concerns({ request }, context),
  );
  if (!job) return [line(`There is no request ${id.value} open for you. !log shows past ones.`)];
  const { request, state } = job;
  const { frozen } = request;
  const names = Object.keys(frozen.env).join(', ');
  return [
    line(strong(commandLine(frozen)), ` · request ${request.id}`),
    line('digest ', code(request.digest), ` · ${renderDigestWords(request.digest)}`),
    line(
      `asked by ${frozen.actor.person} (${frozen.actor.account}) in ${frozen.room}, at ${new Date(frozen.createdAt).toISOString()}`,
    ),
    ...planLines(request),
    line(`environment: ${names}`),
    ...frozen.files.map(({ path, sha256 }) => line(safeLine(path), ' SHA-256 ', code(sha256))),
    line(describeState(state, frozen.actor.person)),
  ];
}

const concerns = ({ request }: Pick<Job, 'request'>, { by, policy }: Context): boolean =>
  isConcerned(policy, by.person, request.frozen);
