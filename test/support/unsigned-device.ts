/**
 * A device that its owner never signed, and that shares its keys all the same, as ordinary clients do:
 * ours would refuse to. Straight on the crate.
 */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import type { DeviceId, RoomId, UserId } from '../../src/base/ids.ts';
import type { Homeserver } from '../../src/demo/homeserver/homeserver.ts';
import { describeRequest, type Outgoing } from '../../src/matrix/crypto/requests.ts';
import { type Http, openHttp } from '../../src/matrix/http.ts';
import { NOBODY } from '../../src/matrix/sign-in/guide.ts';
import { logIn } from '../../src/matrix/sign-in/log-in.ts';
import { type Megolm, ROOM } from './crypto-client.ts';
import { user } from './ids.ts';

export interface UnsignedDevice extends AsyncDisposable {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly http: Http;
  /** Encrypts a text message for these members; the content of the event. Default: in `ROOM`. */
  say(body: string, members: readonly UserId[], room?: RoomId): Promise<Megolm>;
}

export async function openUnsignedDevice(
  server: Homeserver,
  name: string,
): Promise<UnsignedDevice> {
  const id = user(`@${name}:localhost`);
  const password = `${name}'s password`;
  const { accounts } = server.state;
  if (!accounts.at(id)) accounts.register(name, password);
  const ending = new AbortController();
  const { signal } = ending;
  const way = { kind: 'password', password } as const;
  const account = { homeserver: server.url, user: id, way, newIdentity: false };
  const { device, session } = await logIn(account, { guide: NOBODY, signal });
  const http = openHttp({ baseUrl: server.url, token: session.accessToken, signal });
  await wasm.initAsync();
  const [userId, deviceId] = [new wasm.UserId(id), new wasm.DeviceId(device)];
  const machine = await wasm.OlmMachine.initialize(userId, deviceId);
  await flush(machine, http);
  return {
    user: id,
    device,
    http,
    async say(body, members, roomId = ROOM) {
      const users = () => members.map((member) => new wasm.UserId(member));
      await machine.updateTrackedUsers(users());
      await flush(machine, http);
      const claim = await machine.getMissingSessions(users());
      if (claim) await send(machine, http, claim);
      const room = new wasm.RoomId(roomId);
      const shares = await machine.shareRoomKey(room, users(), new wasm.EncryptionSettings());
      for (const share of shares) await send(machine, http, share);
      const content = JSON.stringify({ msgtype: 'm.text', body });
      return JSON.parse(await machine.encryptRoomEvent(room, 'm.room.message', content)) as Megolm;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      machine.close();
    },
  };
}

async function flush(machine: wasm.OlmMachine, http: Http): Promise<void> {
  for (const request of await machine.outgoingRequests())
    await send(machine, http, request as Outgoing);
}

async function send(machine: wasm.OlmMachine, http: Http, request: Outgoing): Promise<void> {
  const answer = JSON.stringify(await http(describeRequest(request)));
  if (request.id !== undefined) await machine.markRequestAsSent(request.id, request.type, answer);
}
