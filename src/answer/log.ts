/** `log <id>`: the entries of one request, as the audit log has them. */
import { describeEntry } from '../audit/describe.ts';
import type { Entry } from '../audit/entry.ts';
import { parseRequestId } from '../base/ids.ts';
import { type Block, line, pre } from '../output/block.ts';
import { safeText } from '../output/text.ts';
import { mayKnow } from '../policy/offers.ts';
import type { Context } from './context.ts';

export async function answerLog(typed: string, context: Context): Promise<Block[]> {
  const id = parseRequestId(typed);
  if (!id.ok) return [line(`${id.error}.`)];
  const found: Entry[] = [];
  for await (const entry of context.entries())
    if ('request' in entry && entry.request === id.value) found.push(entry);
  const asked = found.find((e) => e.type === 'request');
  if (!asked || !mayRead(asked, context)) return [line(`There is no request ${id.value} for you.`)];
  return [
    line(`${id.value}, from the audit log:`),
    pre(safeText(found.map(describeEntry).join('\n'))),
  ];
}

/** One's own, or of an action that one may know of. */
function mayRead(asked: Entry & { readonly type: 'request' }, { by, policy }: Context): boolean {
  if (asked.frozen.actor.person === by.person) return true;
  const action = [...policy.actions.values()].find((a) => a.name === asked.frozen.action);
  return action !== undefined && mayKnow(policy, by.person, action);
}
