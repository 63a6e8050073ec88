/** The built-ins that only look: each turns a context into what is said. */
import { BUILT_INS, type BuiltInName, type Offer } from '../command/catalogue.ts';
import { usage } from '../command/parse.ts';
import { type Block, code, line, pre, strong } from '../output/block.ts';
import { commandLine } from '../output/card.ts';
import { formatDuration } from '../output/quantity.ts';
import { safeLine } from '../output/text.ts';
import type { Policy } from '../policy/model.ts';
import { actionsHere, allOffers, isConcerned, mayKnow, visibleNames } from '../policy/offers.ts';
import type { Trusted } from '../trust/judge.ts';
import type { Context, Job } from './context.ts';
import { answerLog } from './log.ts';
import { answerPending, answerShow } from './pending.ts';
import { answerWhoami } from './whoami.ts';
import { answerWhy } from './why.ts';

export type Values = Readonly<Record<string, string>>;

/** The others set something in motion: see desk/orders. */
type Answerable = Exclude<BuiltInName, OrderName>;
type OrderName =
  | 'allow'
  | 'approve'
  | 'break-glass'
  | 'cancel'
  | 'deny'
  | 'direct'
  | 'enrol'
  | 'freeze'
  | 'otp'
  | 'recover'
  | 'review'
  | 'start'
  | 'unfreeze'
  | 'withdraw';

export async function answer(
  name: Answerable,
  values: Values,
  context: Context,
): Promise<readonly Block[]> {
  switch (name) {
    case 'help':
      return answerHelp(values['command'] ?? '', context);
    case 'whoami':
      return answerWhoami(context);
    case 'why':
      return answerWhy(values['command'] ?? '', context);
    case 'jobs':
      return answerJobs(context);
    case 'pending':
      return answerPending(context);
    case 'show':
      return answerShow(values['id'] ?? '', context);
    case 'log':
      return answerLog(values['id'] ?? '', context);
    case 'audit':
      return [line(`${context.head.size} entries · signed checkpoint:`), pre(context.head.note)];
    case 'version':
      return [line(`Vaktrom ${context.version}`)];
  }
}

function answerHelp(about: string, { policy, by, now, standing }: Context): Block[] {
  const name = about.replace(/^!/, '').toLowerCase();
  if (name !== '') return helpOn(name, policy, by);
  const here = actionsHere(policy, by, now);
  const elsewhere = [...policy.actions.values()].filter(
    (action) => !here.includes(action) && mayKnow(policy, by.person, action),
  );
  const names = elsewhere.map((action) => action.name).join(', ');
  return [
    ...standing.freezes().map((f) => line(safeLine(`❄ ${f.scope} is frozen by ${f.by}: ${f.why}`))),
    ...(here.length > 0
      ? [line(strong(`You may run here, in ${by.room}:`)), ...here.map(usageLine)]
      : [line(`There is no action that you may run here, in ${by.room}.`)]),
    ...(names === '' ? [] : [line(`Not here or not now (!why says more): ${names}`)]),
    line(strong('Always: '), BUILT_INS.map(({ name }) => `!${name}`).join(' ')),
    line(code('!help <command>'), ' says more.'),
  ];
}

function helpOn(name: string, policy: Policy, by: Trusted): Block[] {
  const offer = visibleNames(policy, by.person).has(name) ? allOffers(policy).get(name) : undefined;
  return offer
    ? [usageLine(offer)]
    : [line(`There is no command !${safeLine(name)} for you. Try !help.`)];
}

const usageLine = (offer: Pick<Offer, 'name' | 'summary' | 'parameters'>): Block =>
  line(code(usage(offer)), ` ${offer.summary}`);

function answerJobs({ jobs, now, policy, by }: Context): Block[] {
  const running = jobs.filter(
    ({ request, state }) =>
      (state.kind === 'running' || state.kind === 'ending') &&
      isConcerned(policy, by.person, request.frozen),
  );
  if (running.length === 0) return [line('Nothing is running.')];
  return running.map(({ request, state }) =>
    jobLine(
      request,
      state.kind === 'running'
        ? `running for ${formatDuration(now - state.sinceAt)}${state.stopping ? ' · stopping' : ''}`
        : 'ending',
    ),
  );
}

const jobLine = ({ id, frozen }: Job['request'], said: string): Block =>
  line(strong(id), ` ${commandLine(frozen)} · ${frozen.actor.person} · ${said}`);
