/** Puts our end of Matrix together: transport, encryption, what goes out and what comes in. */
import type { DeviceId, RoomId, UserId } from '../base/ids.ts';
import type { Chat, Clock, Log } from '../ports.ts';
import type { Register } from '../trust/judge.ts';
import type { Sighting } from '../trust/sighting.ts';
import { SyncClient } from './client.ts';
import { type Crypto, openCrypto } from './crypto/device.ts';
import type { SealedStore } from './crypto/machine.ts';
import { type Invite, parseSync } from './events.ts';
import { openFeed } from './feed.ts';
import { type Http, isSignedOut, openHttp } from './http.ts';
import { type Members, openMembers } from './members.ts';
import { openOutbox } from './outbox.ts';
import { openPulse, type Pulse } from './pulse.ts';
import { openRooms } from './rooms.ts';
import { openBearer, type Session, signedOut } from './session.ts';
import { describeVerifications } from './verification-log.ts';

export interface Login {
  readonly homeserver: string;
  readonly user: UserId;
  readonly device: DeviceId;
  readonly session: Session;
  /** Resolves once the next pair of tokens is durable. */
  readonly save: (session: Session) => Promise<void>;
}

export interface MatrixOptions {
  readonly login: Login;
  /** Without it nothing outlives the process. */
  readonly store?: SealedStore;
  readonly register: () => Register;
  readonly clock: Clock;
  readonly log: Log;
  readonly onVerified?: (verified: Verified) => void;
}

export interface Listening {
  readonly hear: (sighting: Sighting) => Promise<void>;
  /** After each sync, before its position is saved: what was heard and is not on record yet. */
  readonly settle: () => Promise<void>;
  readonly loadPosition: () => string | undefined;
  /** The events up to here have been handed over; none of them waits for its key. */
  readonly savePosition: (token: string) => void;
  /** The first sync is done: from now on what is heard is live. */
  readonly onReady: () => void;
  /** What the homeserver says of this room, or who somebody is, is another one, or may be. */
  readonly onRoomChanged: (room: RoomId) => void;
  readonly onFatal: (error: unknown) => void;
}

/** Both sides have compared and confirmed: the account goes by this master key. */
export interface Verified {
  readonly account: UserId;
  readonly identity: string;
}

export interface Matrix extends AsyncDisposable {
  readonly chat: Chat;
  readonly crypto: Crypto;
  readonly pulse: Pulse;
  listen(listening: Listening): void;
}

export async function openMatrix(options: MatrixOptions): Promise<Matrix> {
  const { login, register, clock, log } = options;
  const ending = new AbortController();
  const pulse = openPulse(clock);
  const { signal } = ending;
  const ask = openHttp({
    baseUrl: login.homeserver,
    token: openBearer({ ...login, now: clock.now, signal }),
    signal,
    onRetry(why, delayMs) {
      pulse.failed();
      log.warn({ why, delayMs }, 'asking the homeserver again');
    },
  });
  const http: Http = (request) => ask(request).catch(signedOutForGood);
  const crypto = await openCrypto({
    user: login.user,
    device: login.device,
    ...(options.store ? { store: options.store } : {}),
    send: async (request) => JSON.stringify(await http(request)),
    pinOf: (user) => register().accounts.get(user)?.identity,
    onRefused: (error) => log.warn({ error }, 'the homeserver refused a request for keys'),
    verification: {
      ...describeVerifications(options),
      roomOf: (user) => directRoomOf(register(), members, user),
      sendInRoom: (message) => outbox.send(message),
    },
  });
  const client = new SyncClient(login.homeserver, http);
  const members = openMembers(client, register);
  const outbox = openOutbox({ client, crypto, members });
  const answerInvites = openInvitations(client, options);
  return {
    crypto,
    pulse,
    chat: {
      post: outbox.post,
      ...openRooms({ client, crypto, register }),
    },
    listen(listening) {
      const { hear, settle, loadPosition, savePosition, onReady, onFatal, onRoomChanged } =
        listening;
      const feed = openFeed({ client, crypto, members, register, clock, log, hear });
      const before = loadPosition();
      let when: Sighting['when'] = before === undefined ? 'history' : 'missed';
      const tracked = new Set<UserId>();
      // The policy may have named others since: whose devices are not known is not even asked to verify.
      const trackNew = async (): Promise<void> => {
        const users = [...register().accounts.keys(), login.user].filter((u) => !tracked.has(u));
        if (users.length > 0) await crypto.track(users);
        for (const user of users) tracked.add(user);
      };
      const onSync = async (response: unknown, since: string | undefined): Promise<void> => {
        pulse.answered();
        const sync = parseSync(response);
        await trackNew();
        await feed.handle(sync, when, since);
        await settle();
        const anybody = sync.keys.changed.length > 0;
        const changed = sync.joined.filter((joined) => joined.stateChanged);
        for (const room of anybody ? register().rooms.keys() : changed.map((joined) => joined.room))
          onRoomChanged(room);
        answerInvites(sync.invites);
      };
      const save = (token: string) => {
        const heard = feed.heardUpTo(token);
        if (heard !== undefined) savePosition(heard);
        if (when !== 'live') onReady();
        when = 'live';
      };
      const position = { load: loadPosition, save };
      const start = async (): Promise<void> => {
        await crypto.drain();
        await trackNew();
        await client.sync({ position, onAsk: pulse.asked, onSync, onFatal });
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

/** Nothing can be heard or said any more. */
function signedOutForGood(error: unknown): never {
  if (isSignedOut(error)) throw signedOut(error);
  throw error;
}

/** The direct room that this very account has joined. */
async function directRoomOf(
  { accounts, direct }: Register,
  members: Members,
  user: UserId,
): Promise<RoomId | undefined> {
  const person = accounts.get(user)?.person;
  for (const [room, owner] of direct)
    if (owner === person && (await members.of(room)).includes(user)) return room;
  return undefined;
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
      const isOurs = rooms.has(room);
      const welcome = from !== undefined && accounts.has(from) && isOurs;
      // Declining is leaving: where we may be already, a false invitation must not make us go.
      if (isOurs && !welcome) {
        log.warn({ room, from }, 'an invitation by nobody of the policy is not answered');
        continue;
      }
      if (answering.has(room) || (!welcome && answering.size >= MAX_ANSWERS_AT_ONCE)) continue;
      answering.add(room);
      void answer(invite, welcome);
    }
  };
}
