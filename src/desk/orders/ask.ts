/** Asking for something: a run, a run without sign-offs because it burns, or some runs in advance. */
import type { ActionName } from '../../base/ids.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { parseCommand } from '../../command/parse.ts';
import { type Block, line } from '../../output/block.ts';
import { safeLine } from '../../output/text.ts';
import type { Action } from '../../policy/model.ts';
import { allOffers, visibleNames } from '../../policy/offers.ts';
import { actorOf, sourceOf } from '../../request/entries.ts';
import type { Trusted } from '../../trust/judge.ts';
import type { Desk, Order } from '../desk.ts';
import type { Wish } from '../grounds.ts';

/** More at once than anybody means to have; what comes on top is refused. */
export const MAX_ALIVE = 64;

type Values = Readonly<Record<string, string>>;

/** Freezes what is asked for and takes it up; what becomes of it is on its card. */
export async function ask(
  desk: Desk,
  by: Trusted,
  wish: Pick<Wish, 'kind' | 'action' | 'values'> & Partial<Pick<Wish, 'urgent' | 'allowance'>>,
): Promise<void> {
  // Of this very moment, in which the action was taken from it: it may be another one after each wait.
  const policy = desk.policy().sha256;
  if (wish.action.effect !== 'read') await desk.postures.look(by.room);
  const who = { actor: actorOf(by), source: sourceOf(by), room: by.room, thread: by.thread };
  const { request, plan } = await desk.grounds.freeze({ ...wish, ...who, policy });
  await desk.requests.open(request, plan, { kind: 'asked' });
}

export const breakGlass: Order = async (desk, by, values) => {
  const command = parseAction(desk, by, values['command'] ?? '');
  if (!command.ok) return [line(safeLine(command.error))];
  const urgent = values['reason'] ?? '';
  if (urgent.trim().length < 10)
    return [
      line('Say why, in ten characters or more: !break-glass "the site is down" deploy web 1.2.3'),
    ];
  await ask(desk, by, { kind: 'run', ...command.value, urgent });
  return [];
};

const UNITS = { m: 60_000, h: 3_600_000 } as const;

export const allow: Order = async (desk, by, values) => {
  const times = Number(values['times']);
  const [, count = '', unit = 'm'] = /^([1-9][0-9]{0,2})([mh])$/.exec(values['within'] ?? '') ?? [];
  if (!Number.isInteger(times) || times < 1 || count === '') return usage();
  const command = parseOpenAction(desk, by, values['command'] ?? '');
  if (!command.ok) return [line(safeLine(command.error))];
  const allowance = { times, forMs: Number(count) * UNITS[unit as keyof typeof UNITS] };
  const most = command.value.action.allowance;
  if (most && (times > most.times || allowance.forMs > most.forMs))
    return [
      line(
        `The policy allows at most ${most.times} runs within ${most.forMs / UNITS.m} minutes in advance.`,
      ),
    ];
  await ask(desk, by, { kind: 'allowance', ...command.value, allowance });
  return [];
};

const usage = (): readonly Block[] => [line('Such as: !allow 5 2h deploy service=api')];

interface Asked {
  readonly action: Action;
  readonly values: Values;
}

function parseAction(desk: Desk, by: Trusted, typed: string): Result<Asked, string> {
  const policy = desk.policy();
  const parsed = parseCommand(
    typed.replace(/^!/, ''),
    allOffers(policy),
    visibleNames(policy, by.person),
  );
  if (!parsed.ok) return err(parsed.error.message);
  const action = policy.actions.get(parsed.value.name as ActionName);
  return action ? ok({ action, values: parsed.value.values }) : err('That is not an action.');
}

/** The same with values left open: those are given as `name=value` only, so that none is mistaken. */
function parseOpenAction(desk: Desk, by: Trusted, typed: string): Result<Asked, string> {
  const [name = '', ...given] = typed.replace(/^!/, '').split(/\s+/);
  const policy = desk.policy();
  const action = policy.actions.get(name as ActionName);
  if (!action || !visibleNames(policy, by.person).has(name))
    return err(`There is no action ${name} for you.`);
  const pairs = given.map((word) => /^([a-z][a-z0-9_-]*)=(.+)$/s.exec(word));
  const bad = given.find((_, index) => !pairs[index]);
  if (bad !== undefined) return err(`"${bad}" is not name=value.`);
  return ok({ action, values: Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]])) });
}
