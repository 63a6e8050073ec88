/**
 * The requests that are alive. Carries happenings to the state machine of each and its effects out
 * into the world: one at a time and in order for each request, so that nothing overtakes its record.
 */
import type { History, Remembered } from './audit/history.ts';
import { assertNever } from './base/errors.ts';
import type { EventId, RequestId, RoomId } from './base/ids.ts';
import type { Cards, Place } from './cards.ts';
import { isLong, renderCard, renderRemembered } from './output/card.ts';
import type { Decision } from './policy/decide.ts';
import type { Policy } from './policy/model.ts';
import type { Clock, Ledger, Log, Sandbox, State } from './ports.ts';
import type { Effect, Happening, State as Life } from './request/life.ts';
import { advance } from './request/machine.ts';
import type { Request } from './request/request.ts';
import { type Watched, watchRun } from './runs.ts';
import type { Trusted } from './trust/judge.ts';

export interface RequestParts {
  readonly ledger: Ledger;
  readonly state: State;
  readonly cards: Cards;
  readonly sandbox: Sandbox;
  readonly history: History;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: () => Policy;
  /** Called with what makes it unsafe to go on, when nobody is there to catch it. */
  readonly onFatal: (error: unknown) => void;
}

export interface Requests {
  /** Resolves once the request is on record and, if it is allowed, running. */
  open(request: Request, decision: Decision): Promise<void>;
  cancel(id: RequestId, by: Trusted): Promise<void>;
  find(id: RequestId): Request | undefined;
  list(): readonly { readonly request: Request; readonly state: Life }[];
  /** Gives the last word on what a crash cut off. Nothing is ever run again. */
  recover(): Promise<void>;
  /** Stops what runs and waits until its end is on record and said. */
  stopAll(): Promise<void>;
}

interface Live {
  readonly request: Request;
  life: Life;
  /** The last happening; the next one waits for it. */
  moving: Promise<void>;
  watched?: Watched;
  output: readonly string[];
  settled?: Promise<void>;
}

export function openRequests(parts: RequestParts): Requests {
  const live = new Map<RequestId, Live>();

  const happen = (one: Live, happening: Happening): Promise<void> => {
    const moved = one.moving.then(() => step(one, happening));
    one.moving = moved.catch(() => {}); // whoever waits for this happening is told; the next may try
    return moved;
  };

  const step = async (one: Live, happening: Happening): Promise<void> => {
    const next = advance(one.request, one.life, happening, parts.clock.now());
    one.life = next.state;
    for (const effect of next.effects) await perform(one, effect);
  };

  const perform = async (one: Live, effect: Effect): Promise<void> => {
    switch (effect.kind) {
      case 'record': {
        const first = await parts.ledger.append(...effect.entries);
        return step(one, { kind: 'recorded', entry: first + effect.entries.length - 1 });
      }
      case 'run':
        return run(one);
      case 'stop':
        return one.watched?.stop({ kind: 'cancelled', by: effect.by });
      case 'show':
        return show(one, effect.final);
      default:
        return assertNever(effect);
    }
  };

  const run = (one: Live): void => {
    const inBackground = (moved: Promise<void>): void => void moved.catch(parts.onFatal);
    one.watched = watchRun({
      plan: one.request.plan,
      sandbox: parts.sandbox,
      clock: parts.clock,
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
    const action = [...parts.policy().actions.values()].find((a) => a.name === request.action);
    const blocks = renderCard(request, life, action);
    if (!final) {
      const lively = life.kind === 'running' && life.progress.lines > 0;
      parts.cards.update(placeOf(request), { blocks, lively });
      return;
    }
    const long = life.kind === 'ended' && isLong(life.ending.progress);
    const bytes = Buffer.from(`${one.output.join('\n')}\n`);
    const attachment = long ? { name: `${request.action}-${request.id}.txt`, bytes } : undefined;
    one.settled = finish(placeOf(request), blocks, attachment);
    void one.settled.finally(() => live.delete(request.id));
  };

  // A last word that cannot be delivered stays owed, and is given after the next start.
  const finish = (...last: Parameters<Cards['finish']>): Promise<void> =>
    parts.cards
      .finish(...last)
      .catch((error: unknown) => parts.log.warn({ error, request: last[0].id }, 'not announced'));

  const recoverOne = async (past: Remembered): Promise<void> => {
    const { request } = past.request;
    if (past.started && !past.end)
      await parts.ledger.append({ type: 'end', request, outcome: 'unknown' });
    const now = parts.history.find(request) ?? past;
    void finish(pastPlaceOf(now), renderRemembered(now));
  };

  return {
    async open(request, decision) {
      const one: Live = { request, life: { kind: 'new' }, moving: Promise.resolve(), output: [] };
      live.set(request.id, one);
      await Promise.all([
        parts.state.owe(request.id, undefined),
        happen(one, { kind: 'decided', decision }),
      ]);
    },
    async cancel(id, by) {
      const one = live.get(id);
      if (one) await happen(one, { kind: 'cancelled', by });
    },
    find: (id) => live.get(id)?.request,
    list: () => [...live.values()].map(({ request, life }) => ({ request, state: life })),
    async recover() {
      const owed = parts.state.owed().map(([id]) => id);
      const ids = new Set([...owed, ...parts.history.unfinished().map((r) => r.request.request)]);
      for (const id of ids) {
        const past = parts.history.find(id);
        // Owed, but not on record: it was never acknowledged, and its event will be delivered again.
        await (past ? recoverOne(past) : parts.state.settle(id));
      }
    },
    async stopAll() {
      const all = [...live.values()];
      for (const { watched } of all) watched?.stop({ kind: 'stopped' });
      await Promise.all(
        all.map(async (one) => {
          await one.watched?.ended;
          await one.moving;
          await one.settled;
        }),
      );
    },
  };
}

const placeOf = ({ id, by }: Request): Place => ({ id, room: by.roomId, thread: by.thread });

// Ids out of our own signed log: checked by their parsers when they were written.
const pastPlaceOf = ({ request }: Remembered): Place => ({
  id: request.request as RequestId,
  room: request.source.room as RoomId,
  thread: request.thread as EventId,
});
