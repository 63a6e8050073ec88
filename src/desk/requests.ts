/**
 * The requests that are alive. Carries happenings to the state machine of each and its effects out
 * into the world: one at a time and in order for each request, so that nothing overtakes its record.
 */
import { sha256Hex } from '../base/bytes.ts';
import { assertNever, Fatal } from '../base/errors.ts';
import type { RequestId, RoomId } from '../base/ids.ts';
import type { Plan } from '../execution/plan.ts';
import { isLong, renderCard } from '../output/card.ts';
import type { Action } from '../policy/model.ts';
import type { Clock, Ledger, Log, OpenFile, Sandbox, Screen, State } from '../ports.ts';
import type { Effect, Ending, Happening, State as Life, World } from '../request/life.ts';
import { advance } from '../request/machine.ts';
import type { Request } from '../request/request.ts';
import type { Cards, Place } from './cards.ts';
import { type Watched, watchRun } from './runs.ts';

export interface RequestParts {
  readonly ledger: Ledger;
  readonly state: State;
  readonly cards: Cards;
  readonly sandbox: Sandbox;
  readonly openScreen: () => Screen;
  readonly clock: Clock;
  readonly log: Log;
  readonly worldOf: (request: Request) => World;
  readonly actionOf: (request: Request) => Action | undefined;
  /** What the request rests on and is no longer as it was frozen, each as the end of a sentence. */
  readonly changesOf: (request: Request) => Promise<readonly string[]>;
  /** The files that its digest covers, as they are held. */
  readonly heldFor: (request: Request) => readonly OpenFile[];
  /** Lets go of what is held for a request that nothing more happens to. */
  readonly release: (request: Request) => void;
  /** Told of every step that a request takes. */
  readonly onMoved: (request: Request, life: Life) => void;
  /** Called with what makes it unsafe to go on, when nobody is there to catch it. */
  readonly onFatal: (error: unknown) => void;
}

export interface Alive {
  readonly request: Request;
  readonly state: Life;
}

export interface Requests {
  /** Takes a request up; `first` is `asked`, or `resumed` after a restart. Resolves when it has moved. */
  open(request: Request, plan: Plan, first: Happening): Promise<void>;
  /**
   * Resolves once what follows is on record: whether anything does. What came too late changes nothing,
   * and nothing happens to a request that is not alive.
   */
  happen(id: RequestId, happening: Happening): Promise<boolean>;
  /** Resolves once no last check of it is under way any more. */
  checked(id: RequestId): Promise<void>;
  find(id: RequestId): Alive | undefined;
  list(): readonly Alive[];
  /** Stops what runs and waits until its end is on record and said; what waits is left for the next start. */
  stopAll(): Promise<void>;
}

interface Live {
  readonly request: Request;
  readonly plan: Plan;
  life: Life;
  /** The last happening; the next one waits for it. */
  moving: Promise<void>;
  output: readonly string[];
  watched?: Watched;
  settled?: Promise<void>;
  cancelTimer?: () => void;
  /** How many checks were begun: the answer to an earlier one is no answer to the last. */
  checks: number;
  checking?: Promise<unknown>;
}

export function openRequests(parts: RequestParts): Requests {
  const { clock, cards, ledger } = parts;
  const live = new Map<RequestId, Live>();
  /** Nothing is started any more. */
  let isDraining = false;

  const happen = (one: Live, happening: Happening, isStill = () => true): Promise<boolean> => {
    const moved = one.moving.then(() => isStill() && step(one, happening));
    one.moving = moved.then(
      () => {},
      () => letGo(one), // whoever waits for this happening is told why
    );
    return moved;
  };

  /** What cannot be put on record has not happened, and nothing more happens to its request. */
  const letGo = (one: Live): void => {
    if (one.watched) return; // what runs still has an end, and that can be tried
    one.cancelTimer?.();
    one.life = { kind: 'new' };
    live.delete(one.request.id);
    parts.release(one.request);
  };

  /** If the disk is full it cannot be kept, and the request is dropped. */
  const owe = async (one: Live): Promise<void> => {
    const { id } = one.request;
    try {
      await parts.state.owe(id, undefined);
    } catch (error) {
      letGo(one);
      parts.state.settle(id).catch(() => {}); // the first error is reported
      throw error;
    }
  };

  const inBackground = (moved: Promise<unknown>): void => void moved.catch(parts.onFatal);

  const step = async (one: Live, happening: Happening): Promise<boolean> => {
    const before = one.life;
    const next = advance(one.request, before, happening, parts.worldOf(one.request));
    one.life = next.state;
    for (const effect of next.effects) await perform(one, effect);
    if (one.life !== before) parts.onMoved(one.request, one.life);
    setAlarm(one);
    return next.state !== before;
  };

  const perform = async (one: Live, effect: Effect): Promise<void> => {
    switch (effect.kind) {
      case 'record': {
        const first = await ledger.append(...effect.entries);
        await step(one, { kind: 'recorded', entry: first + effect.entries.length - 1 });
        return;
      }
      case 'check':
        return check(one);
      case 'run':
        if (isDraining) await step(one, { kind: 'run_ended', ending: TOO_LATE });
        else run(one);
        return;
      case 'stop':
        return one.watched?.stop({ kind: 'cancelled', by: effect.by });
      case 'show':
        return show(one, effect.final);
      default:
        return assertNever(effect);
    }
  };

  /** Nobody waits for it: others are heard meanwhile, and can still say no. */
  const check = (one: Live): void => {
    const mine = ++one.checks;
    const isStill = () => !isDraining && one.checks === mine;
    one.checking = parts
      .changesOf(one.request)
      .catch((error: unknown) => {
        if (error instanceof Fatal) throw error;
        parts.log.warn({ error, request: one.request.id }, 'a request could not be checked');
        return ['it could not be looked at again'];
      })
      .then((changes) => happen(one, { kind: 'checked', changes }, isStill));
    inBackground(one.checking);
  };

  /** Nothing waits longer than it may, whether anything happens to it or not. */
  const setAlarm = (one: Live): void => {
    one.cancelTimer?.();
    const { life, request } = one;
    if (life.kind !== 'waiting' && life.kind !== 'granted' && life.kind !== 'checking') return;
    const at = life.kind === 'waiting' ? request.frozen.expiresAt : life.untilAt;
    const ring = () => inBackground(happen(one, { kind: 'ticked' }));
    one.cancelTimer = clock.after(Math.max(0, at - clock.now()), ring);
  };

  const run = (one: Live): void => {
    one.watched = watchRun({
      plan: one.plan,
      held: parts.heldFor(one.request),
      sandbox: parts.sandbox,
      screen: parts.openScreen(),
      clock,
      onProgress: (progress) => inBackground(happen(one, { kind: 'output', progress })),
    });
    inBackground(
      one.watched.ended.then(({ ending, output }) => {
        one.output = output;
        return happen(one, { kind: 'run_ended', ending });
      }),
    );
    show(one, false);
  };

  const show = (one: Live, final: boolean): void => {
    const { request, life } = one;
    const blocks = renderCard(request, life, parts.actionOf(request));
    if (final) parts.release(request);
    else {
      const lively = life.kind !== 'running' || life.progress.lines > 0;
      cards.update(placeOf(request), { blocks, lively });
      return;
    }
    const long = life.kind === 'ended' && isLong(life.ending.progress);
    const bytes = Buffer.from(`${one.output.join('\n')}\n`);
    const name = `${request.frozen.action}-${request.id}.txt`;
    // A last word that cannot be delivered stays owed, and is given after the next start.
    one.settled = cards
      .finish(placeOf(request), blocks, long ? { name, bytes } : undefined)
      .catch((error: unknown) => parts.log.warn({ error, request: request.id }, 'not announced'));
    void one.settled.finally(() => live.delete(request.id));
  };

  return {
    async open(request, plan, first) {
      const moving = Promise.resolve();
      const one: Live = { request, plan, life: { kind: 'new' }, moving, output: [], checks: 0 };
      live.set(request.id, one);
      // First: whatever the log comes to say of it, a crash cannot make its last word be forgotten.
      const owed = parts.state.owed().some(([id]) => id === request.id);
      if (!owed) await owe(one);
      await happen(one, first);
    },
    async happen(id, happening) {
      const one = live.get(id);
      return one ? happen(one, happening) : false;
    },
    async checked(id) {
      await live.get(id)?.checking?.catch(() => {}); // onFatal was told
    },
    find: (id) => aliveOf(live.get(id)),
    list: () => [...live.values()].map((one) => ({ request: one.request, state: one.life })),
    async stopAll() {
      isDraining = true;
      const all = [...live.values()];
      for (const { watched } of all) watched?.stop({ kind: 'stopped' });
      await Promise.all(
        all.map(async (one) => {
          one.cancelTimer?.();
          await one.watched?.ended;
          await one.moving;
          await one.settled;
        }),
      );
    },
  };
}

/** Its start was being recorded when the daemon was told to stop. */
const TOO_LATE: Ending = {
  outcome: { kind: 'not_started', reason: 'the daemon is shutting down' },
  ms: 0,
  progress: { tail: [], lines: 0, bytes: 0 },
  sha256: sha256Hex(''),
  cut: undefined,
};

const aliveOf = (one: Live | undefined): Alive | undefined =>
  one && { request: one.request, state: one.life };

const placeOf = ({ id, frozen, thread }: Request): Place => ({
  id,
  // Out of a frozen request: checked by its parser when it was made.
  room: frozen.source.room as RoomId,
  thread,
});
