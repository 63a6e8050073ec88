/** `log <id>`: the entries of one request, as the audit log has them. */
import { describeEntry } from '../audit/describe.ts';
import type { Entry } from '../audit/entry.ts';
import { parseRequestId } from '../base/ids.ts';
import { type Block, line, pre } from '../output/block.ts';
import { safeText } from '../output/text.ts';
import { isConcerned } from '../policy/offers.ts';
import type { Context } from './context.ts';

export async function answerLog(typed: string, context: Context): Promise<Block[]> {
  const id = parseRequestId(typed);
  if (!id.ok) return [line(`${id.error}.`)];
  const found: Entry[] = [];
  for await (const entry of context.entries())
    if ('request' in entry && entry.request === id.value) found.push(entry);
  const asked = found.find((e) => e.type === 'request');
  if (!asked || !isConcerned(context.policy, context.by.person, asked.frozen))
    return [line(`There is no request ${id.value} for you.`)];
  return [
    line(`${id.value}, from the audit log:`),
    pre(safeText(found.map(describeEntry).join('\n'))),
  ];
}
