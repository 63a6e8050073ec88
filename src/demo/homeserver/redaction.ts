/** What a redaction leaves of an event: the rules of room version 11 (client-server spec, "Redactions"). */
import type { JsonObject } from './json.ts';

const KEPT: ReadonlyMap<string, readonly string[]> = new Map([
  ['m.room.member', ['membership', 'join_authorised_via_users_server']],
  ['m.room.join_rules', ['join_rule', 'allow']],
  [
    'm.room.power_levels',
    'ban events events_default invite kick redact state_default users users_default'.split(' '),
  ],
  ['m.room.history_visibility', ['history_visibility']],
  ['m.room.redaction', ['redacts']],
]);

export function redact<E extends { readonly type: string; readonly content: JsonObject }>(
  event: E,
): E {
  if (event.type === 'm.room.create') return event;
  const kept = KEPT.get(event.type) ?? [];
  const content = Object.entries(event.content).filter(([key]) => kept.includes(key));
  return { ...event, content: Object.fromEntries(content) };
}
