/** Our end of Matrix without the daemon around it: signed in, in sync, and with a policy in memory. */
import type { DeviceId, PersonName, RoomId, UserId } from '../../src/base/ids.ts';
import { type Matrix, openMatrix, type Verified } from '../../src/matrix/connect.ts';
import type { Verification, Verifications } from '../../src/matrix/crypto/verification.ts';
import { openHttp } from '../../src/matrix/http.ts';
import type { Session } from '../../src/matrix/session.ts';
import { NOBODY } from '../../src/matrix/sign-in/guide.ts';
import { logIn } from '../../src/matrix/sign-in/log-in.ts';
import { giveIdentity } from '../../src/matrix/sign-in/sign-in.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { KnownAccount, Register } from '../../src/trust/judge.ts';
import type { Seen } from '../../src/trust/sighting.ts';
import { eventually } from '../people/eventually.ts';
import { openPerson, type Person } from '../people/person.ts';
import type { Server } from '../story/house.ts';
import { person as personName, room as roomId, user as userId } from './ids.ts';
import { PATIENCE_MS } from './patience.ts';
import { RecordingLog } from './recording-log.ts';

export class Listener implements AsyncDisposable {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly log = new RecordingLog();
  readonly verified: Verified[] = [];
  readonly #server: Server;
  readonly #accounts = new Map<UserId, KnownAccount>();
  readonly #direct = new Map<RoomId, PersonName>();
  readonly #heard: Seen[] = [];
  #matrix: Matrix | undefined;
  #said = 0;

  constructor(server: Server, user: UserId, device: DeviceId) {
    this.#server = server;
    this.user = user;
    this.device = device;
  }

  async listen(session: Session, password: string): Promise<void> {
    const { user, device, log } = this;
    const homeserver = this.#server.baseUrl;
    const register = (): Register => ({
      ...{ accounts: this.#accounts, rooms: new Map(), guarded: new Set(), direct: this.#direct },
      formerDirect: new Map(),
      ...{ bot: user, botNames: [] },
    });
    const login = { homeserver, user, device, session, save: async () => {} };
    const onVerified = (verified: Verified) => void this.verified.push(verified);
    const matrix = await openMatrix({ login, register, clock: systemClock, log, onVerified });
    this.#matrix = matrix;
    await matrix.crypto.drain();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const http = openHttp({ baseUrl: homeserver, token: session.accessToken, signal });
    const uploader = { homeserver, user, password, guide: NOBODY, signal };
    const made = { crypto: matrix.crypto, http, uploader };
    await giveIdentity(made, { user, newIdentity: true });
    const ready = Promise.withResolvers<void>();
    matrix.listen({
      hear: async ({ seen }) => void this.#heard.push(seen),
      settle: async () => {},
      loadPosition: () => undefined,
      savePosition() {},
      onRoomChanged() {},
      onReady: ready.resolve,
      onFatal: ready.reject,
    });
    await ready.promise;
  }

  get #open(): Matrix {
    if (!this.#matrix) throw new Error('not listening');
    return this.#matrix;
  }

  get verifications(): Verifications {
    return this.#open.crypto.verifications;
  }

  /** A new account with a client of its own. */
  async person(name: string): Promise<Person> {
    const password = `${name}-password`;
    await this.#server.register(name, password);
    return openPerson({ baseUrl: this.#server.baseUrl, name, password });
  }

  /** A direct room that the person has joined. */
  async openDirect(person: Person): Promise<string> {
    const room = await this.#open.chat.openDirect(userId(person.userId));
    await person.join(room);
    return room;
  }

  /** Puts the person into the policy, with that pin if any; the room is theirs. */
  name(person: Person, room: string, identity?: string): void {
    const name = personName(person.userId.slice(1, person.userId.indexOf(':')));
    this.#accounts.set(userId(person.userId), { person: name, identity });
    this.#direct.set(roomId(room), name);
  }

  identityOf(person: Person) {
    return this.#open.crypto.identityOf(userId(person.userId));
  }

  async say(room: string, text: string): Promise<void> {
    const key = `said/${++this.#said}`;
    await this.#open.chat.post({ room: roomId(room), key, body: { text, html: text } });
  }

  /** The next thing that is heard. */
  heard(): Promise<Seen> {
    return eventually(() => this.#heard.shift());
  }

  /** The verification with this person, as soon as there is something to compare. */
  compares({ userId }: Person): Promise<Verification> {
    return eventually(() =>
      this.verifications.list().find(({ user, state }) => user === userId && state === 'compare'),
    );
  }

  stateOf(id: string): Verification['state'] | undefined {
    return this.verifications.list().find((one) => one.id === id)?.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#matrix?.[Symbol.asyncDispose]();
  }
}

export async function openListener(server: Server, name: string): Promise<Listener> {
  const user = userId(`@${name}:${server.serverName}`);
  const password = `${name}-password`;
  await server.register(name, password);
  const way = { kind: 'password', password } as const;
  const account = { homeserver: server.baseUrl, user, way, newIdentity: true };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { device, session } = await logIn(account, { guide: NOBODY, signal });
  const listener = new Listener(server, user, device);
  await listener.listen(session, password);
  return listener;
}
