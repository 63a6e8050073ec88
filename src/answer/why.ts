/** `why <command>`: what the policy says, without running anything. */
import type { ActionName } from '../base/ids.ts';
import { parseCommand } from '../command/parse.ts';
import { type Block, line, pre } from '../output/block.ts';
import { safeLine, safeText } from '../output/text.ts';
import { decide } from '../policy/decide.ts';
import { type Decision, NO_FACTS } from '../policy/decision.ts';
import { describeDenial, describeMissing, describeTrace } from '../policy/explain.ts';
import type { Action } from '../policy/model.ts';
import { allOffers, visibleNames } from '../policy/offers.ts';
import type { Context } from './context.ts';

export function answerWhy(typed: string, context: Context): Block[] {
  const { by, policy } = context;
  const visible = visibleNames(policy, by.person);
  const parsed = parseCommand(typed.replace(/^!/, ''), allOffers(policy), visible);
  if (!parsed.ok) return [line(safeLine(parsed.error.message))];
  const { name, values } = parsed.value;
  const action = policy.actions.get(name as ActionName);
  if (!action) return [line(`!${name} is built in: whether you may is said when you use it.`)];
  const ask = { person: by.person, pinned: by.pinned, room: by.room, action: name, values };
  const { now, drift, standing } = context;
  const reviewIsOpen = standing.reviews().length > 0;
  const facts = { ...NO_FACTS, now, drift, freezes: standing.freezes(), reviewIsOpen };
  const decision = decide(policy, ask, facts);
  return [
    line(conclusion(decision, action, by.person)),
    pre(safeText(describeTrace(decision).join('\n'))),
  ];
}

function conclusion(decision: Decision, action: Action, person: string): string {
  switch (decision.kind) {
    case 'allow':
      return decision.despite === undefined
        ? 'It would run now.'
        : `It would run now, only because ${action.name} is in mode ${action.mode}.`;
    case 'deny':
      return `It would be refused. ${describeDenial(decision.because, action, decision.trace)}`;
    case 'pending':
      return `It would wait for: ${decision.missing.map((m) => describeMissing(m, person)).join(' · ')}.`;
  }
}
