/**
 * The ceremonies of the page: what a link shows, a question for the browser, and its answer. Each
 * question takes one answer; a link is spent by the first that counts, and void after some that do not.
 * Whatever does not count is on record.
 */
import { err, ok, type Result } from '../../base/result.ts';
import { beginEnrolling } from './enrolling.ts';
import type { Link, Links } from './links.ts';
import type { Asked, PasskeyParts, Step } from './proof.ts';
import { lookAt, type Sight } from './sight.ts';
import { type Act, actsOf, beginSigning } from './signing.ts';

/** What a browser wants to do by a link; all of it attacker-chosen. */
export interface Wanted {
  readonly act: string;
  /** For an enrolment: a one-time code or a ticket. */
  readonly typed: string;
}

export interface Given {
  readonly answer: unknown;
  /** For a denial: why. */
  readonly remark: string;
}

export type Answered = { readonly kind: 'done'; readonly said: string } | Asked;

/** The errors are sentences for the holder of the link. Rejects only with what is fatal, or a bug. */
export interface Ceremonies {
  look(token: string): Sight;
  begin(token: string, wanted: Wanted): Promise<Result<Asked, string>>;
  finish(token: string, given: Given): Promise<Result<Answered, string>>;
}

export interface CeremonyParts extends PasskeyParts {
  readonly links: Links;
}

const DEAD = 'This link was used, or it is too old. Nothing was done.';
const NOT_ACCEPTED =
  'That was not accepted, and nothing was done. Why is in the audit log. You can try again.';
const DISK_FULL =
  'The disk of the host is full, so this could not be recorded and was not done. Free some space there, then try again.';
const MAX_WHY_CHARS = 300;

export function openCeremonies({ links, ...parts }: CeremonyParts): Ceremonies {
  const { desk } = parts;
  const steps = new WeakMap<Link, Step>();
  // Links about which something is being done: one thing at a time, so that none is used twice.
  const busy = new WeakSet<Link>();
  // Dead links that somebody has tried to use, and that are on record for it.
  const reported = new WeakSet<Link>();

  const usable = async (token: string): Promise<Link | undefined> => {
    const link = links.find(token);
    if (!link) return undefined; // anybody can make one up, as many as they like: not on record
    if (links.isLive(link) && desk.policy().people.has(link.person)) return link;
    if (!reported.has(link)) {
      reported.add(link);
      await refuse(link, 'the link was used, or is too old');
    }
    return undefined;
  };

  const refuse = async (link: Link, why: string): Promise<void> => {
    const { person, errand, request } = link;
    links.countWrong(link);
    await desk.ledger.append({
      type: 'passkey.refused',
      ...{ person, errand, why: why.slice(0, MAX_WHY_CHARS).toWellFormed() },
      ...(request === undefined ? {} : { request }),
    });
  };

  const start = async (link: Link, { act, typed }: Wanted): Promise<Result<Asked, string>> => {
    if (act !== 'deny' && !(await desk.space.hasRoom())) return err(DISK_FULL);
    const step = await stepFor(link, act, typed);
    if (!step.ok) return step;
    steps.set(link, step.value);
    return ok(step.value.asked);
  };

  const stepFor = async (link: Link, act: string, typed: string): Promise<Result<Step, string>> => {
    const known = actsOf(link).find((name: Act) => name === act);
    if (known) return beginSigning(parts, link, known);
    if (act !== 'enrol' || link.errand !== 'enrolment') return err('This link is not for that.');
    const begun = await beginEnrolling(parts, link.person, typed);
    if (!begun.ok) await refuse(link, `enrolling: ${begun.error}`);
    return begun;
  };

  const take = async (link: Link, given: Given): Promise<Result<Answered, string>> => {
    const step = steps.get(link);
    steps.delete(link); // whatever comes of it: a question takes one answer
    if (!step) {
      await refuse(link, 'an answer to no question, or a second one to the same');
      return err(NOT_ACCEPTED);
    }
    const taken = await step.take(given.answer, given.remark);
    switch (taken.kind) {
      case 'done':
        links.spend(link);
        return ok(taken);
      case 'next':
        steps.set(link, taken.step);
        return ok(taken.step.asked);
      case 'refused':
        await refuse(link, taken.why);
        return err(NOT_ACCEPTED);
    }
  };

  const alone = async <T>(
    token: string,
    act: (link: Link) => Promise<Result<T, string>>,
  ): Promise<Result<T, string>> => {
    const link = await usable(token);
    if (!link) return err(DEAD);
    if (busy.has(link)) return err('Something is under way by this link already.');
    busy.add(link);
    try {
      return await act(link);
    } finally {
      busy.delete(link);
    }
  };

  return {
    look: (token) => lookAt(desk, links, token),
    begin: (token, wanted) => alone(token, (link) => start(link, wanted)),
    finish: (token, given) => alone(token, (link) => take(link, given)),
  };
}
