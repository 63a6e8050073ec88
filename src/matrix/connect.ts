/** Puts our end of Matrix together: transport, encryption, what goes out and what comes in. */
import type { DeviceId, RoomId, UserId } from '../base/ids.ts';
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
    pinOf: (user) => register().accounts.get(user)?.identity,
    onRefused: (error) => log.warn({ error }, 'the homeserver refused a request for keys'),
  });
  const client = new SyncClient(login.homeserver, http);
  const members = openMembers(client);
  const answerInvites = openInvitations(client, options);
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
        answerInvites(sync.invites);
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
      await crypto.close();
    },
  };
}

/** Of those that we decline; what is not answered comes again with the next start. */
const MAX_ANSWERS_AT_ONCE = 20;

/**
 * Only people of the policy can bring us into a room, and only into one that the policy names. Others
 * are declined. All of it beside the sync, since anybody can invite us as often as they like.
 */
function openInvitations(client: SyncClient, { register, log }: MatrixOptions) {
  const answering = new Set<RoomId>();

  const answer = async ({ room, from }: Invite, welcome: boolean): Promise<void> => {
    try {
      await (welcome ? client.joinRoom(room) : client.leaveRoom(room));
      log.info({ room, from }, welcome ? 'joined' : 'declined an invitation');
    } catch (error) {
      log.warn({ room, from, error }, 'an invitation could not be answered');
    }
    answering.delete(room);
  };

  return (invites: readonly Invite[]): void => {
    for (const invite of invites) {
      const { room, from } = invite;
      const { accounts, rooms } = register();
      const welcome = from !== undefined && accounts.has(from) && rooms.has(room);
      if (answering.has(room) || (!welcome && answering.size >= MAX_ANSWERS_AT_ONCE)) continue;
      answering.add(room);
      void answer(invite, welcome);
    }
  };
}
