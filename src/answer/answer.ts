/** The built-ins that only look: each turns a context into what is said. */
import { BUILT_INS, type BuiltInName, type Offer } from '../command/catalogue.ts';
import { usage } from '../command/parse.ts';
import { type Block, code, line, pre, strong } from '../output/block.ts';
import { commandLine } from '../output/card.ts';
import { formatDuration } from '../output/quantity.ts';
import { safeLine } from '../output/text.ts';
import type { Policy } from '../policy/model.ts';
import { actionsHere, allOffers, mayKnow, visibleNames } from '../policy/offers.ts';
import type { Trusted } from '../trust/judge.ts';
import type { Context } from './context.ts';
import { answerLog } from './log.ts';
import { answerWhy } from './why.ts';

export type Values = Readonly<Record<string, string>>;

/** `cancel` changes something and is the pipeline's own. */
export type Answerable = Exclude<BuiltInName, 'cancel'>;

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
    case 'log':
      return answerLog(values['id'] ?? '', context);
    case 'audit':
      return [line(`${context.head.size} entries · signed checkpoint:`), pre(context.head.note)];
    case 'version':
      return [line(`Vaktrom ${context.version}`)];
  }
}

function answerHelp(about: string, { policy, by, now }: Context): Block[] {
  const name = about.replace(/^!/, '').toLowerCase();
  if (name !== '') return helpOn(name, policy, by);
  const here = actionsHere(policy, by, now);
  const elsewhere = [...policy.actions.values()].filter(
    (action) => !here.includes(action) && mayKnow(policy, by.person, action),
  );
  const names = elsewhere.map((action) => action.name).join(', ');
  return [
    ...(here.length > 0
      ? [line(strong(`You may run here, in ${by.room}:`)), ...here.map(usageLine)]
      : [line(`There is no action that you may run here, in ${by.room}.`)]),
    ...(names === '' ? [] : [line(`Not here or not now (!why says more): ${names}`)]),
    line(strong('Always:')),
    ...BUILT_INS.map(usageLine),
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

function answerWhoami({ by, policy }: Context): Block[] {
  const roles = policy.people.get(by.person)?.roles.join(', ') ?? '';
  return [
    line('You are ', strong(by.person), `, with the roles ${roles}.`),
    line('account ', code(by.account), ' · device ', code(by.device)),
    line('identity ', code(by.identity), by.pinned ? ' · pinned in the policy' : ' · not pinned'),
    by.pinned
      ? line('The device is signed by that identity: you are fully trusted.')
      : line(
          'You may only read. To be fully trusted, your identity has to be pinned: an administrator ',
          'compares it with your own client and puts the line of ',
          code('vaktrom identity show'),
          ' into the policy.',
        ),
  ];
}

function answerJobs({ jobs, now }: Context): Block[] {
  if (jobs.length === 0) return [line('Nothing is running.')];
  return jobs.map(({ request, state }) =>
    line(
      strong(request.id),
      ` ${commandLine(request)} · ${request.by.person} · `,
      state.kind === 'running'
        ? `running for ${formatDuration(now - state.sinceAt)}${state.stopping ? ' · stopping' : ''}`
        : state.kind,
    ),
  );
}
