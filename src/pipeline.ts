/**
 * The way of a command, as a story: what was seen is judged, parsed, decided and handed over as a
 * request, or it is refused, on record and aloud. What makes a request move from there on is in
 * request/machine.ts.
 */
import { answer } from './answer/answer.ts';
import { Fatal, Fault } from './base/errors.ts';
import type { ActionName } from './base/ids.ts';
import { isBuiltIn } from './command/catalogue.ts';
import { type Command, type ParseRefusalCode, parseCommand, readName } from './command/parse.ts';
import type { Desk } from './desk/desk.ts';
import { openLeakedCodes } from './desk/leaked-codes.ts';
import { ask, MAX_ALIVE } from './desk/orders/ask.ts';
import { isOrder, ORDERS } from './desk/orders/table.ts';
import type { Refusals } from './desk/refusals.ts';
import type { Voice } from './desk/voice.ts';
import { type Block, line } from './output/block.ts';
import { safeLine } from './output/text.ts';
import type { Policy } from './policy/model.ts';
import { allOffers, visibleNames } from './policy/offers.ts';
import { actorOf, sourceOf } from './request/entries.ts';
import { judge, type Past, type Register, type Trusted } from './trust/judge.ts';
import type { Sighting } from './trust/sighting.ts';

export interface PipelineParts {
  readonly desk: Desk;
  readonly refusals: Refusals;
  readonly voice: Voice;
  readonly register: () => Register;
}

/** Resolves once what became of the sighting is durable; rejects only with what is fatal. */
export type Hear = (sighting: Sighting) => Promise<void>;

/** What is refused here, rather than by who sees, parses or decides. */
type PipelineRefusal = 'busy' | 'disk_full' | 'internal_error';

/** Commands that stop something are taken on a full disk too: the space for their record is reserved. */
const STOPS: ReadonlySet<string> = new Set(['cancel', 'deny', 'freeze', 'withdraw']);

const DISK_FULL =
  'The disk of my host is full, so I could not record this and did not run it. Free some space there, then send it again.';
const CUT_OFF = 'I was restarted before I could answer this. Send it again if it is still wanted.';

export function openPipeline(parts: PipelineParts): Hear {
  const { desk, refusals, voice, register } = parts;
  const { history } = desk;
  const obey = openObedience(parts);
  const burnCodes = openLeakedCodes(parts);

  const past: Past = {
    spentBy: (...at) => history.spentBy(...at),
    wasRefused: refusals.wasRefused,
  };

  const hear: Hear = async (sighting) => {
    await burnCodes(sighting);
    const verdict = judge(sighting, register(), past);
    switch (verdict.kind) {
      case 'ignored':
        return;
      case 'heard':
        return hearAgain(sighting);
      case 'refused':
        return refusals.refuse(sighting, verdict);
      case 'trusted':
        return obey(verdict);
    }
  };

  /** Delivered again after a restart: the record is there, the answer may have been cut off. */
  const hearAgain = (sighting: Sighting): void => {
    if (sighting.when === 'missed' && history.fateOf(sighting.event) !== 'request')
      voice.say(sighting, [line(CUT_OFF)]);
  };

  return hear;
}

/** Does what somebody has said, whose word it is known to be: from a room, or from the host's terminal. */
export type Obey = (by: Trusted) => Promise<void>;

export function openObedience({ desk, voice }: Pick<PipelineParts, 'desk' | 'voice'>): Obey {
  const { ledger, requests, policy, log } = desk;

  const obey = async (by: Trusted): Promise<void> => {
    const offers = allOffers(policy());
    const parsed = parseCommand(by.text, offers, visibleNames(policy(), by.person));
    if (!parsed.ok) return misunderstand(by, parsed.error.code, parsed.error.message);
    const { name, values } = parsed.value;
    if (!STOPS.has(name) && !(await desk.space.hasRoom()))
      return misunderstand(by, 'disk_full', DISK_FULL);
    const action = policy().actions.get(name as ActionName);
    const isAsking = action !== undefined || name === 'allow' || name === 'break-glass';
    if (isAsking && requests.list().length >= MAX_ALIVE)
      return misunderstand(by, 'busy', 'Too much is going on. Try again later.');
    if (!action) return builtIn(by, parsed.value);
    return ask(desk, by, { kind: 'run', action, values });
  };

  const builtIn = async (by: Trusted, { name, values }: Command): Promise<void> => {
    if (!isBuiltIn(name)) throw new Error(`neither built in nor an action: ${name}`);
    const asked = { actor: actorOf(by), source: sourceOf(by), command: name };
    await ledger.append({ type: 'asked', ...asked, values: withoutSecrets(values, desk.policy()) });
    const blocks = isOrder(name)
      ? await ORDERS[name](desk, by, values)
      : await answer(name, values, contextOf(desk, by));
    say(by, blocks);
  };

  /** What an order has shown elsewhere, on a card or in a direct room, needs no words here. */
  const say = ({ roomId, thread, event }: Trusted, blocks: readonly Block[]): void => {
    if (blocks.length > 0) voice.say({ room: roomId, thread, event }, blocks);
  };

  const misunderstand = async (
    by: Trusted,
    code: ParseRefusalCode | PipelineRefusal,
    message: string,
  ): Promise<void> => {
    const { account: sender, person } = by;
    await ledger.append({ type: 'refused', code, sender, person, source: sourceOf(by) });
    say(by, [line(safeLine(message))]);
  };

  /** A bug in the handling of one message is that message's end, and not the daemon's. */
  const fail = async (by: Trusted, error: unknown): Promise<void> => {
    if (error instanceof Fatal) throw error;
    if (error instanceof Fault && error.code === 'disk_full')
      return misunderstand(by, 'disk_full', DISK_FULL);
    log.error({ error, event: by.event }, 'a command could not be handled');
    const message = 'Something went wrong inside of me, so this was not run. My own log says what.';
    return misunderstand(by, 'internal_error', message);
  };

  return (by) => obey(by).catch((error: unknown) => fail(by, error));
}

/** The log must not hold codes or tickets: parameters that take them are left out. */
function withoutSecrets(values: Command['values'], policy: Policy): Command['values'] {
  const { command } = values;
  return {
    ...values,
    ...('code' in values ? { code: '…' } : {}),
    ...(command === undefined ? {} : { command: withoutSecret(command, policy) }),
  };
}

/** For `why`: a command that is not an action may hold a code, in any form or mistyped. */
function withoutSecret(command: string, { actions }: Policy): string {
  const name = readName(command.replace(/^!/, ''));
  if (name.ok && actions.has(name.value as ActionName)) return command;
  return name.ok && isBuiltIn(name.value) ? `${name.value} …` : '…';
}

const contextOf = (desk: Desk, by: Trusted) => ({
  by,
  policy: desk.policy(),
  standing: desk.standing,
  now: desk.clock.now(),
  drift: desk.postures.drift(by.room),
  version: desk.version,
  jobs: desk.requests.list(),
  head: desk.ledger.head(),
  entries: () => desk.ledger.entries(),
});
