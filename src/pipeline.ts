/**
 * The way of a command, as a story: what was seen is judged, parsed, decided and handed over as a
 * request, or it is refused, on record and aloud. What makes a request move from there on is in
 * request/machine.ts.
 */
import { answer } from './answer/answer.ts';
import type { History } from './audit/history.ts';
import { Fatal } from './base/errors.ts';
import { type ActionName, parseRequestId } from './base/ids.ts';
import { isBuiltIn } from './command/catalogue.ts';
import { type Command, type ParseRefusalCode, parseCommand } from './command/parse.ts';
import { planRun } from './execution/plan-run.ts';
import { line } from './output/block.ts';
import { safeLine } from './output/text.ts';
import { decide } from './policy/decide.ts';
import type { Action, Policy } from './policy/model.ts';
import { allOffers, mayKnow, visibleNames } from './policy/offers.ts';
import type { Clock, Ledger, Log } from './ports.ts';
import type { Refuse } from './refusals.ts';
import { actorOf, sourceOf } from './request/entries.ts';
import { freezeRequest } from './request/request.ts';
import type { Requests } from './requests.ts';
import { judge, type Register, type Trusted } from './trust/judge.ts';
import type { Sighting } from './trust/sighting.ts';
import type { Voice } from './voice.ts';

export interface PipelineParts {
  readonly ledger: Ledger;
  readonly history: History;
  readonly requests: Requests;
  readonly refuse: Refuse;
  readonly voice: Voice;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: () => Policy;
  readonly register: () => Register;
  readonly nonce: () => string;
  readonly version: string;
}

/** Resolves once what became of the sighting is durable; rejects only with what is fatal. */
export type Hear = (sighting: Sighting) => Promise<void>;

/** What is refused here, rather than by who sees, parses or decides. */
type PipelineRefusal = 'busy' | 'internal_error';

/** More at once than anybody means to run; what comes on top is refused. */
const MAX_ALIVE = 64;

export function openPipeline(parts: PipelineParts): Hear {
  const { ledger, history, requests, voice, clock } = parts;

  const hear: Hear = async (sighting) => {
    const verdict = judge(sighting, parts.register(), (...at) => history.spentBy(...at));
    switch (verdict.kind) {
      case 'ignored':
        return;
      case 'heard':
        return hearAgain(sighting);
      case 'refused':
        return parts.refuse(sighting, verdict);
      case 'trusted':
        return obey(verdict).catch((error: unknown) => fail(verdict, error));
    }
  };

  /** A bug in the handling of one message is that message's end, and not the daemon's. */
  const fail = async (by: Trusted, error: unknown): Promise<void> => {
    if (error instanceof Fatal) throw error;
    parts.log.error({ error, event: by.event }, 'a command could not be handled');
    const message = 'Something went wrong inside of me, so this was not run. My own log says what.';
    return misunderstand(by, { code: 'internal_error', message });
  };

  const obey = async (by: Trusted): Promise<void> => {
    const policy = parts.policy();
    const offers = allOffers(policy);
    const parsed = parseCommand(by.text, offers, visibleNames(policy, by.person));
    if (!parsed.ok) return misunderstand(by, parsed.error);
    const command = parsed.value;
    const action = policy.actions.get(command.name as ActionName);
    return action ? request(by, action, command) : builtIn(by, command);
  };

  const request = async (by: Trusted, action: Action, { values }: Command): Promise<void> => {
    if (requests.list().length >= MAX_ALIVE)
      return misunderstand(by, { code: 'busy', message: 'Too much is running. Try again later.' });
    const policy = parts.policy();
    const now = clock.now();
    const ask = {
      person: by.person,
      pinned: by.pinned,
      room: by.room,
      action: action.name,
      values,
    };
    const decision = decide(policy, ask, { now, factor: undefined, approvals: [] });
    const what = { by, action: action.name, effect: action.effect, values, policy: policy.sha256 };
    const plan = planRun(action, values, by.person);
    return requests.open(unused({ ...what, plan, createdAt: now }), decision);
  };

  /** Short ids may collide; two requests that are alive never share one. */
  const unused = (what: Omit<Parameters<typeof freezeRequest>[0], 'nonce'>) => {
    for (;;) {
      const frozen = freezeRequest({ ...what, nonce: parts.nonce() });
      if (!requests.find(frozen.id) && !history.find(frozen.id)) return frozen;
    }
  };

  const builtIn = async (by: Trusted, { name, values }: Command): Promise<void> => {
    if (!isBuiltIn(name)) throw new Error(`neither built in nor an action: ${name}`);
    const asked = { actor: actorOf(by), source: sourceOf(by), command: name, values };
    await ledger.append({ type: 'asked', ...asked });
    if (name === 'cancel') return cancel(by, values['id'] ?? '');
    voice.say(toward(by), await answer(name, values, context(by)));
  };

  const cancel = async (by: Trusted, typed: string): Promise<void> => {
    const id = parseRequestId(typed);
    const found = id.ok ? requests.find(id.value) : undefined;
    const action = found && parts.policy().actions.get(found.action as ActionName);
    // Whoever may ask for the action may stop it; stopping needs no more than that.
    const may =
      found &&
      (found.by.person === by.person || (action && mayKnow(parts.policy(), by.person, action)));
    if (!found || !may) {
      const said = id.ok ? `Nothing with the id ${id.value} is running.` : `${id.error}.`;
      return voice.say(toward(by), [line(said)]);
    }
    await requests.cancel(found.id, by);
    voice.say(toward(by), [line(`Stopping ${found.id}.`)]);
  };

  const misunderstand = async (
    by: Trusted,
    {
      code,
      message,
    }: { readonly code: ParseRefusalCode | PipelineRefusal; readonly message: string },
  ): Promise<void> => {
    const { account: sender, person } = by;
    await ledger.append({ type: 'refused', code, sender, person, source: sourceOf(by) });
    voice.say(toward(by), [line(safeLine(message))]);
  };

  /** Delivered again after a restart: the record is there, the answer may have been cut off. */
  const hearAgain = (sighting: Sighting): void => {
    if (sighting.when === 'missed' && history.fateOf(sighting.event) !== 'request')
      voice.say(sighting, [
        line('I was restarted before I could answer this. Send it again if it is still wanted.'),
      ]);
  };

  const context = (by: Trusted) => ({
    by,
    policy: parts.policy(),
    now: clock.now(),
    version: parts.version,
    jobs: requests.list(),
    head: ledger.head(),
    entries: () => ledger.entries(),
  });

  return hear;
}

const toward = ({ roomId, thread, event }: Trusted) => ({ room: roomId, thread, event });
