/** `createRoom`: the events that a new room begins with, in the order in which Synapse sends them. */
import type { Account } from './accounts.ts';
import { isObject, type JsonObject, listAt, objectAt, textAt } from './json.ts';
import { invalid, matrixError } from './matrix-error.ts';
import type { Room } from './room.ts';
import { changeMembership } from './rooms.ts';
import type { State } from './state.ts';

const PRESETS: ReadonlyMap<string, { readonly joinRule: string; readonly guests: string }> =
  new Map([
    ['private_chat', { joinRule: 'invite', guests: 'can_join' }],
    ['trusted_private_chat', { joinRule: 'invite', guests: 'can_join' }],
    ['public_chat', { joinRule: 'public', guests: 'forbidden' }],
  ]);

/** Throws M_BAD_JSON on an unknown preset, M_INVALID_PARAM on an invitee that is no user id. */
export function createRoom({ rooms, accounts }: State, creator: Account, body: JsonObject): Room {
  const state = initialState(creator.userId, body);
  const invitees = listAt(body, 'invite').map(String);
  const stranger = invitees.find((userId) => !/^@.+:.+$/.test(userId));
  if (stranger !== undefined) throw invalid(`Invalid user_id: ${stranger}`);
  const room = rooms.open();
  const sender = creator.userId;
  const create = { ...objectAt(body, 'creation_content'), room_version: '11' };
  room.append({ type: 'm.room.create', sender, state_key: '', content: create });
  const joins = { membership: 'join', ...creator.profile };
  room.append({ type: 'm.room.member', sender, state_key: sender, content: joins });
  for (const piece of state) room.append({ ...piece, sender });
  const { is_direct } = body;
  const extra = is_direct === true ? { is_direct } : {};
  for (const target of invitees) {
    const account = accounts.at(target);
    changeMembership(room, { sender, target, membership: 'invite', account, extra });
  }
  return room;
}

interface Piece {
  readonly type: string;
  readonly state_key: string;
  readonly content: JsonObject;
}

/** Power levels and the preset, overridden by `initial_state`, then by name and topic. */
function initialState(creator: string, body: JsonObject): readonly Piece[] {
  const visible = textAt(body, 'visibility') === 'public' ? 'public_chat' : 'private_chat';
  const name = textAt(body, 'preset') ?? visible;
  const preset = PRESETS.get(name);
  if (!preset) throw matrixError(400, 'M_BAD_JSON', `'${name}' is not a valid preset`);
  const trusted = name === 'trusted_private_chat' ? listAt(body, 'invite').map(String) : [];
  const pieces = [
    piece('m.room.power_levels', {
      ...powerLevels([creator, ...trusted]),
      ...objectAt(body, 'power_level_content_override'),
    }),
    piece('m.room.join_rules', { join_rule: preset.joinRule }),
    piece('m.room.history_visibility', { history_visibility: 'shared' }),
    piece('m.room.guest_access', { guest_access: preset.guests }),
    ...listAt(body, 'initial_state').filter(isObject).map(parsePiece),
    ...['name', 'topic'].flatMap((key) => {
      const text = textAt(body, key);
      return text === undefined ? [] : [piece(`m.room.${key}`, { [key]: text })];
    }),
  ];
  return [...new Map(pieces.map((each) => [`${each.type} ${each.state_key}`, each])).values()];
}

const piece = (type: string, content: JsonObject): Piece => ({ type, state_key: '', content });

function parsePiece(from: JsonObject): Piece {
  const type = textAt(from, 'type');
  if (type === undefined) throw matrixError(400, 'M_BAD_JSON', 'initial_state needs a type');
  return { type, state_key: textAt(from, 'state_key') ?? '', content: objectAt(from, 'content') };
}

const powerLevels = (admins: readonly string[]): JsonObject => ({
  users: Object.fromEntries(admins.map((userId) => [userId, 100])),
  users_default: 0,
  events: {
    'm.room.name': 50,
    'm.room.avatar': 50,
    'm.room.canonical_alias': 50,
    'm.room.encryption': 100,
    'm.room.history_visibility': 100,
    'm.room.power_levels': 100,
    'm.room.server_acl': 100,
    'm.room.tombstone': 100,
  },
  events_default: 0,
  state_default: 50,
  ban: 50,
  kick: 50,
  redact: 50,
  invite: 0,
});
