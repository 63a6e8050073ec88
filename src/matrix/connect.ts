/** Puts our end of Matrix together: transport, encryption, what goes out and what comes in. */
import type { DeviceId, UserId } from '../base/ids.ts';
import type { Chat, Clock, Log } from '../ports.ts';
import type { Register } from '../trust/judge.ts';
import type { Sighting } from '../trust/sighting.ts';
import { SyncClient } from './client.ts';
import { type Crypto, openCrypto } from './crypto/device.ts';
import { type Invite, parseSync } from './events.ts';
import { openFeed } from './feed.ts';
import { openHttp } from './http.ts';
import { openMembers } from './members.ts';
import { openOutbox } from './outbox.ts';

export interface Login {
  readonly homeserver: string;
  readonly user: UserId;
  readonly device: DeviceId;
  readonly token: string;
}

export interface MatrixOptions {
  readonly login: Login;
  /** 32 bytes; the IndexedDB globals have to be in place. Without it nothing outlives the process. */
  readonly storeKey?: Uint8Array;
  readonly register: () => Register;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Listening {
  readonly hear: (sighting: Sighting) => Promise<void>;
  readonly loadPosition: () => string | undefined;
  /** The events up to here have been handed over, and none is waiting for its key. */
  readonly savePosition: (token: string) => void;
  /** The first sync is done: from now on what is heard is live. */
  readonly onReady: () => void;
  readonly onFatal: (error: unknown) => void;
}

export interface Matrix extends AsyncDisposable {
  readonly chat: Chat;
  readonly crypto: Crypto;
  listen(listening: Listening): void;
}

export async function openMatrix(options: MatrixOptions): Promise<Matrix> {
  const { login, register, clock, log } = options;
  const ending = new AbortController();
  const http = openHttp({
    baseUrl: login.homeserver,
    token: login.token,
    signal: ending.signal,
    onRetry: (why, delayMs) => log.warn({ why, delayMs }, 'asking the homeserver again'),
  });
  const crypto = await openCrypto({
    user: login.user,
    device: login.device,
    ...(options.storeKey ? { storeKey: options.storeKey } : {}),
    send: async (request) => JSON.stringify(await http(request)),
  });
  const client = new SyncClient(login.homeserver, http);
  const members = openMembers({ client, crypto, register });
  return {
    crypto,
    chat: openOutbox({ client, crypto, members }),
    listen(listening) {
      const { hear, loadPosition, savePosition, onReady, onFatal } = listening;
      const feed = openFeed({ client, crypto, members, register, clock, log, hear });
      const before = loadPosition();
      let when: Sighting['when'] = before === undefined ? 'history' : 'missed';
      const onSync = async (response: unknown, since: string | undefined): Promise<void> => {
        const sync = parseSync(response);
        await feed.handle(sync, when, since);
        await Promise.all(sync.invites.map((invite) => answerInvite(client, invite, options)));
      };
      const save = (token: string) => {
        if (!feed.isWaiting()) savePosition(token);
        if (when !== 'live') onReady();
        when = 'live';
      };
      const position = { load: loadPosition, save };
      const start = async (): Promise<void> => {
        await crypto.drain();
        await crypto.track([...register().accounts.keys(), login.user]);
        await client.sync({ position, onSync, onFatal });
      };
      start().catch((error: unknown) => {
        if (!ending.signal.aborted) onFatal(error);
      });
    },
    async [Symbol.asyncDispose]() {
      client.stop();
      ending.abort();
      crypto.close();
    },
  };
}

/** Only people of the policy can bring us into a room, and only into one that the policy names. */
async function answerInvite(
  client: SyncClient,
  { room, from }: Invite,
  { register, log }: MatrixOptions,
): Promise<void> {
  const welcome = from !== undefined && register().accounts.has(from) && register().rooms.has(room);
  try {
    await (welcome ? client.joinRoom(room) : client.leaveRoom(room));
    log.info({ room, from }, welcome ? 'joined' : 'declined an invitation');
  } catch (error) {
    log.warn({ room, from, error }, 'an invitation could not be answered');
  }
}
