/**
 * After a start: gives the last word on what a crash cut off, and takes up again what still waits. What
 * had been started and has no end is unknown, and is never run again by itself.
 */
import type { Frozen } from '../audit/body.ts';
import type { Remembered } from '../audit/history.ts';
import type { ActionName, EventId, RequestId, RoomId, RoomName } from '../base/ids.ts';
import { renderRemembered } from '../output/card.ts';
import type { State } from '../ports.ts';
import type { Gathered } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import type { Cards, Place } from './cards.ts';
import type { Desk } from './desk.ts';

export interface ResumeParts {
  readonly desk: Desk;
  readonly cards: Cards;
  readonly state: State;
}

export async function resumeRequests({ desk, cards, state }: ResumeParts): Promise<void> {
  const { history, ledger, log } = desk;
  /** The log sorts them by name; they are shown by position. */
  const inOrder = (frozen: Frozen): Frozen => {
    const parameters = desk.policy().actions.get(frozen.action as ActionName)?.parameters ?? [];
    const names = parameters
      .map(({ name }) => name)
      .filter((name) => Object.hasOwn(frozen.values, name));
    const first = Object.fromEntries(names.map((name) => [name, frozen.values[name] ?? '']));
    return { ...frozen, values: { ...first, ...frozen.values } };
  };

  const say = (past: Remembered): void => {
    const request = { ...past.request, frozen: inOrder(past.request.frozen) };
    cards
      .finish(placeOf(past), renderRemembered({ ...past, request }))
      .catch((error: unknown) =>
        log.warn({ error, request: past.request.request }, 'not announced'),
      );
  };

  /** Its grounds are gone: what was agreed to is not what would run now. */
  const abandon = async ({ request }: Remembered): Promise<void> => {
    const changes = ['the policy or a file is another one since I was restarted'];
    await ledger.append({ type: 'closed', request: request.request, how: 'voided', changes });
  };

  const takeUp = async (past: Remembered): Promise<boolean> => {
    const known = requestOf(past);
    const request = { ...known, frozen: inOrder(known.frozen) };
    const plan = await desk.grounds.planAgain(request);
    if (!plan) return false;
    const { factor, signOffs, grantedAt } = past;
    await desk.postures.look(request.frozen.room as RoomName);
    const gathered: Gathered = { factor, signOffs };
    await desk.requests.open(request, plan, { kind: 'resumed', gathered, grantedAt });
    return true;
  };

  for (const past of history.open()) {
    const id = past.request.request;
    if (past.started) await ledger.append({ type: 'end', request: id, outcome: 'unknown' });
    else if (await takeUp(past)) continue;
    else await abandon(past);
    say(history.find(id) ?? past);
  }
  for (const [id] of state.owed()) {
    const past = history.find(id);
    // Owed, but not on record: it was never acknowledged, and its event will be delivered again.
    if (!past) await state.settle(id);
    else if (past.end ?? past.closed ?? past.request.decision === 'deny') say(past);
  }
}

// Ids out of our own signed log: checked by their parsers when they were written.
const requestOf = ({ request: { request, digest, frozen, thread } }: Remembered): Request => ({
  id: request as RequestId,
  digest,
  frozen,
  thread: thread as EventId,
});

const placeOf = (past: Remembered): Place => ({
  id: past.request.request as RequestId,
  room: past.request.frozen.source.room as RoomId,
  thread: past.request.thread as EventId,
});
