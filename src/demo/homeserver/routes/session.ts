/** Who is there: versions, registration, signing in and out, devices. */
import type { Device, Session } from '../accounts.ts';
import { demandPassword, demandStage } from '../interactive-auth.ts';
import { type JsonObject, objectAt, textAt } from '../json.ts';
import { forbidden, invalid, notFound } from '../matrix-error.ts';
import { openRoute, type Route, route, V3 } from '../router.ts';
import type { State } from '../state.ts';

const VERSIONS = ['r0.6.1', ...Array.from({ length: 12 }, (_, i) => `v1.${i + 1}`)];

export const sessionRoutes: readonly Route[] = [
  openRoute('GET', '/_matrix/client/versions', () => ({
    versions: VERSIONS,
    unstable_features: {},
  })),
  openRoute('GET', `${V3}/login`, () => ({ flows: [{ type: 'm.login.password' }] })),
  openRoute('POST', `${V3}/login`, ({ state, body }) => signIn(state, body())),
  openRoute('POST', `${V3}/register`, ({ state, body }) => register(state, body())),
  route('POST', `${V3}/logout`, ({ state, caller }) => {
    state.accounts.signOut(caller);
    return {};
  }),
  route('POST', `${V3}/logout/all`, ({ state, caller }) => {
    for (const device of caller.account.devices.values()) state.accounts.signOut(device);
    return {};
  }),
  route('GET', `${V3}/account/whoami`, ({ caller }) => ({
    user_id: caller.account.userId,
    device_id: caller.id,
    is_guest: false,
  })),
  route('GET', `${V3}/capabilities`, () => ({
    capabilities: { 'm.room_versions': { default: '11', available: { '11': 'stable' } } },
  })),
  route('GET', `${V3}/devices`, ({ caller }) => ({
    devices: [...caller.account.devices.values()].map(formatDevice),
  })),
  route('GET', `${V3}/devices/:deviceId`, ({ caller, params }) =>
    formatDevice(deviceNamed(caller, params.deviceId)),
  ),
  route('PUT', `${V3}/devices/:deviceId`, ({ state, caller, params, body }) => {
    const device = deviceNamed(caller, params.deviceId);
    device.displayName = textAt(body(), 'display_name');
    state.accounts.devicesChanged(caller.account);
    return {};
  }),
  route('DELETE', `${V3}/devices/:deviceId`, ({ state, caller, params, body }) => {
    demandPassword(state, caller.account, body());
    const device = caller.account.devices.get(params.deviceId);
    if (device) state.accounts.signOut(device);
    return {};
  }),
];

function register(state: State, body: JsonObject): JsonObject {
  demandStage(state, 'm.login.dummy', body);
  const name = textAt(body, 'username');
  const password = textAt(body, 'password');
  if (name === undefined || password === undefined)
    throw invalid('Registration needs a username and a password');
  const account = state.accounts.register(name, password);
  return formatSession(state.accounts.signIn(account, deviceWish(body)));
}

function signIn({ accounts, serverName }: State, body: JsonObject): JsonObject {
  if (textAt(body, 'type') !== 'm.login.password') throw invalid('Invalid login submission');
  const user = textAt(objectAt(body, 'identifier'), 'user') ?? textAt(body, 'user') ?? '';
  const account = accounts.at(user) ?? accounts.at(`@${user}:${serverName}`);
  if (!account || account.password !== textAt(body, 'password'))
    throw forbidden('Invalid username or password');
  return formatSession(accounts.signIn(account, deviceWish(body)));
}

const deviceWish = (body: JsonObject) => ({
  deviceId: textAt(body, 'device_id'),
  name: textAt(body, 'initial_device_display_name'),
});

const formatSession = ({ device, token }: Session): JsonObject => ({
  user_id: device.account.userId,
  device_id: device.id,
  access_token: token,
});

function deviceNamed({ account }: Device, deviceId: string): Device {
  const device = account.devices.get(deviceId);
  if (!device) throw notFound('No such device');
  return device;
}

const formatDevice = ({ id, account, displayName }: Device): JsonObject => ({
  device_id: id,
  user_id: account.userId,
  display_name: displayName ?? null,
});
