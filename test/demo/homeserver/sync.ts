import t from 'tap';
import { createRoom } from '../../../src/demo/homeserver/create-room.ts';
import { type JsonObject, objectAt, textAt } from '../../../src/demo/homeserver/json.ts';
import { emptyState } from '../../../src/demo/homeserver/state.ts';
import { parseToken } from '../../../src/demo/homeserver/stream.ts';
import { poll } from '../../../src/demo/homeserver/sync.ts';

function server() {
  const state = emptyState('localhost');
  const account = state.accounts.register('alice', 'pw');
  const { device } = state.accounts.signIn(account, {});
  const room = createRoom(state, account, {});
  const say = (body: string) =>
    room.append({ type: 'm.room.message', sender: account.userId, content: { body } });
  const sync = (since: number | undefined, timeoutMs = 0) => {
    const reader = { device, since, limit: 100, fullState: false };
    return poll(state, reader, { timeoutMs, signal: new AbortController().signal });
  };
  const bodies = (answer: JsonObject) => {
    const joined = objectAt(objectAt(objectAt(answer, 'rooms'), 'join'), room.id);
    const { events } = objectAt(joined, 'timeline');
    return Array.isArray(events) ? events.map((event) => event.content.body) : [];
  };
  return { state, say, sync, bodies };
}

const next = (answer: JsonObject) => parseToken(textAt(answer, 'next_batch') ?? '');

t.test('a message that comes as the poll ends is in this answer or in the next one', async (t) => {
  const { state, say, sync, bodies } = server();
  const waiting = sync(state.stream.position, 60_000);
  state.stream.endPolls();
  say('at the last moment');
  const answer = await waiting;
  const after = await sync(next(answer));
  t.same([...bodies(answer), ...bodies(after)], ['at the last moment']);
});

t.test('what one piece of code does is told in one answer', async (t) => {
  const { state, say, sync, bodies } = server();
  const waiting = sync(state.stream.position, 60_000);
  say('one');
  say('two');
  t.same(bodies(await waiting), ['one', 'two']);
});

t.test('a change that is not for this reader wakes nobody', async (t) => {
  const { state, say, sync, bodies } = server();
  const waiting = sync(state.stream.position, 60_000);
  state.accounts.signIn(state.accounts.register('stranger', 'pw'), {});
  await new Promise(setImmediate);
  say('for alice');
  t.same(bodies(await waiting), ['for alice']);
});

t.test('an initial sync does not wait', async (t) => {
  const { sync, bodies } = server();
  t.ok(bodies(await sync(undefined, 60_000)).length > 0);
});
