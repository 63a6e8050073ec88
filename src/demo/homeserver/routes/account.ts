/** What an account keeps on the server: profile, account data, push rules (none), key backup (none). */
import type { Account, Device } from '../accounts.ts';
import { type JsonObject, textAt } from '../json.ts';
import { forbidden, invalid, notFound } from '../matrix-error.ts';
import { changeMembership } from '../rooms.ts';
import { openRoute, type Route, route, V3 } from '../router.ts';
import type { State } from '../state.ts';

export const accountRoutes: readonly Route[] = [
  openRoute('GET', `${V3}/profile/:userId`, ({ state, params }) => ({
    ...accountNamed(state, params.userId).profile,
  })),
  openRoute('GET', `${V3}/profile/:userId/:field`, ({ state, params }) => {
    const { profile } = accountNamed(state, params.userId);
    return { [params.field]: profile[profileField(params.field)] ?? null };
  }),
  route('PUT', `${V3}/profile/:userId/:field`, ({ state, caller, params, body }) => {
    demandSelf(caller, params.userId);
    setProfile(state, caller.account, profileField(params.field), body());
    return {};
  }),
  route('GET', `${V3}/user/:userId/account_data/:type`, ({ caller, params }) =>
    accountData(caller, { ...params, roomId: undefined }),
  ),
  route('PUT', `${V3}/user/:userId/account_data/:type`, ({ state, caller, params, body }) =>
    setAccountData(state, caller, { ...params, roomId: undefined, content: body() }),
  ),
  route('GET', `${V3}/user/:userId/rooms/:roomId/account_data/:type`, ({ caller, params }) =>
    accountData(caller, params),
  ),
  route(
    'PUT',
    `${V3}/user/:userId/rooms/:roomId/account_data/:type`,
    ({ state, caller, params, body }) =>
      setAccountData(state, caller, { ...params, content: body() }),
  ),
  route('GET', `${V3}/pushrules/`, () => ({ global: {} })),
  route('GET', `${V3}/room_keys/version`, () => {
    throw notFound('No backup found');
  }),
];

function accountNamed({ accounts }: State, userId: string): Account {
  const account = accounts.at(userId);
  if (!account) throw notFound('No such user');
  return account;
}

function profileField(name: string): keyof Account['profile'] {
  if (name !== 'displayname' && name !== 'avatar_url') throw invalid(`No profile field ${name}`);
  return name;
}

/** The rooms hear of it too: a profile is shown from the membership events. */
function setProfile(
  { rooms }: State,
  account: Account,
  field: keyof Account['profile'],
  body: JsonObject,
): void {
  account.profile[field] = textAt(body, field) ?? '';
  const { userId } = account;
  for (const room of rooms.joinedBy(userId))
    changeMembership(room, { sender: userId, target: userId, membership: 'join', account });
}

function demandSelf({ account }: Device, userId: string): void {
  if (account.userId !== userId) throw forbidden('That is not your account.');
}

interface Named {
  readonly userId: string;
  readonly type: string;
  readonly roomId: string | undefined;
}

function accountData(caller: Device, { userId, type, roomId }: Named): JsonObject {
  demandSelf(caller, userId);
  const data = caller.account.accountData.find(
    (each) => each.type === type && each.roomId === roomId,
  );
  if (!data) throw notFound('Account data not found');
  return data.content;
}

function setAccountData(
  { accounts }: State,
  caller: Device,
  { userId, ...data }: Named & { readonly content: JsonObject },
): JsonObject {
  demandSelf(caller, userId);
  accounts.setAccountData(caller.account, data);
  return {};
}
