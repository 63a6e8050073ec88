/**
 * Verifications under way: each is taken as far as it goes whenever something has come in, and waits
 * for a person on the host where it matters. The crate keeps them in memory, so a restart ends them.
 * All calls go through `calls`, one after another; what the crate wants said in a room goes through
 * `sendInRoom`, encrypted like everything else.
 */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import { Fault } from '../../base/errors.ts';
import type { DeviceId, RoomId, UserId } from '../../base/ids.ts';
import { openMutex } from '../../base/mutex.ts';
import { masterKeyOf } from './provenance.ts';
import { cancelSas, confirmSas, type Look, lookAt, type ToSend } from './sas.ts';
import {
  type AskParts,
  askDevice,
  askInRoom,
  onlyDeviceOf,
  parseDeviceRequest,
} from './sas-request.ts';
import type {
  Verification,
  VerificationEvent,
  VerificationOptions,
  Verifications,
} from './verification.ts';

interface Flow {
  seen: Verification;
  readonly request: wasm.VerificationRequest;
}

interface Parts extends AskParts {
  readonly options: VerificationOptions;
}

const MAX_OPEN = 20;
const KEEP_ENDED = 20;
const MAX_STRANGERS = 1000;

export class SasVerifications implements Verifications {
  readonly #parts: Parts;
  readonly #alone = openMutex();
  readonly #flows: Flow[] = [];
  readonly #strangers = new Set<UserId>();
  #count = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  list(): readonly Verification[] {
    return this.#flows.map(({ seen }) => seen);
  }

  confirm(id: string): Promise<Verification> {
    return this.#decide(id, async (flow) => {
      const outgoing = await this.#parts.calls.run(() => confirmSas(flow.request));
      this.#show(flow, { state: 'confirmed' });
      for (const one of outgoing) await this.#send(one);
    });
  }

  mismatch(id: string): Promise<Verification> {
    return this.#decide(id, (flow) => this.#end(flow, 'm.mismatched_sas'));
  }

  begin(user: UserId, device?: DeviceId): Promise<Verification> {
    return this.#alone(async () => {
      if (!this.#parts.options.isKnown(user)) throw fault(`${user} is not in the policy`);
      await this.#parts.exchange.refresh(user);
      await this.#forgetEnded();
      const room = device === undefined ? await this.#parts.options.roomOf(user) : undefined;
      const request = room
        ? await askInRoom(this.#parts, user, room)
        : await askDevice(this.#parts, user, device ?? (await onlyDeviceOf(this.#parts, user)));
      return this.#add(user, request).seen;
    });
  }

  /** What came to this device. Anybody can ask us so, and the crate has taken it in already. */
  heardToDevice(message: wasm.ProcessedToDeviceEvent): void {
    const request = parseDeviceRequest(message);
    if (!request) return;
    const { sender, transaction } = request;
    const known = this.#admits(sender);
    this.#background(() =>
      known ? this.#take(sender, transaction) : this.#ignore(sender, transaction),
    );
  }

  /**
   * Said in a room. In its turn, since an answer can be here before we know that our own request has
   * been sent.
   */
  heardInRoom({ room, event, sender, type, content }: VerificationEvent): void {
    const isRequest = type === 'm.room.message';
    if (isRequest && content['to'] !== this.#parts.machine.userId.toString()) return;
    if (!this.#admits(sender)) return;
    const json = JSON.stringify({
      ...{ type, event_id: event, room_id: room, sender, content },
      origin_server_ts: Date.now(), // live, or it would not be here; the homeserver's clock proves nothing
    });
    this.#background(async () => {
      await this.#parts.calls.run(async () => {
        using roomId = new wasm.RoomId(room);
        try {
          await this.#parts.machine.receiveVerificationEvent(json, roomId);
        } catch (error) {
          // What makes no sense to the crate is the sender's mistake; a panic never is.
          if (error instanceof Error && error.name === 'RuntimeError') throw error;
        }
      });
      await (isRequest ? this.#take(sender, event) : this.#advance());
    });
  }

  /** Something has come in: takes every verification as far as it goes now. Does not wait for it. */
  advance(): void {
    if (this.#flows.some(isOpen)) this.#background(() => this.#advance());
  }

  async #advance(): Promise<void> {
    const { calls, exchange } = this.#parts;
    for (const flow of this.#flows.filter(isOpen)) {
      const look = await calls.run(() => lookAt(flow.request));
      for (const one of look.outgoing) await this.#send(one);
      await this.#note(flow, look);
    }
    await exchange.drain();
    for (const message of await exchange.roomMessages()) await this.#send(message);
  }

  async #note(flow: Flow, { state, shown, why }: Look): Promise<void> {
    if (state === 'done') await this.#finish(flow);
    else if (state === 'cancelled') this.#show(flow, { state, why });
    else if (shown && flow.seen.state === 'waiting')
      this.#show(flow, { state: 'compare', ...shown });
  }

  /** Done means that both have said so; the signature that says it must also be there to be seen. */
  async #finish(flow: Flow): Promise<void> {
    const { machine, calls, exchange, options } = this.#parts;
    const { user } = flow.seen;
    await exchange.drain();
    await exchange.query([user]);
    await exchange.drain();
    const identity = await calls.run(async () => {
      using userId = new wasm.UserId(user);
      using live = await machine.getIdentity(userId);
      return live?.isVerified() ? masterKeyOf(live.masterKey) : undefined;
    });
    if (identity === undefined) {
      const why = 'the homeserver did not keep the signature';
      this.#show(flow, { state: 'cancelled', why });
      return;
    }
    options.onVerified(user, identity);
    this.#show(flow, { state: 'done', identity });
  }

  #decide(id: string, act: (flow: Flow) => Promise<void>): Promise<Verification> {
    return this.#alone(async () => {
      const flow = this.#flows.find(({ seen }) => seen.id === id);
      if (!flow) throw fault(`there is no verification ${id}`);
      if (flow.seen.state !== 'compare') throw fault(`${id} is not waiting to be compared`);
      await act(flow);
      await this.#advance();
      return flow.seen;
    });
  }

  /**
   * A verification that the crate still has in mind, though it is done, would end the next one with the
   * same account. It forgets them when a sync comes in; an empty one does.
   */
  #forgetEnded(): Promise<unknown> {
    return this.#parts.calls.run(() => {
      using nobody = new wasm.DeviceLists();
      return this.#parts.machine.receiveSyncChanges('[]', nobody, new Map());
    });
  }

  async #end(flow: Flow, code: string): Promise<void> {
    const outgoing = await this.#parts.calls.run(async () => cancelSas(flow.request, code));
    this.#show(flow, { state: 'cancelled', why: code });
    for (const one of outgoing) await this.#send(one);
  }

  #add(user: UserId, request: wasm.VerificationRequest): Flow {
    const ended = this.#flows.filter((flow) => !isOpen(flow));
    for (const old of ended.slice(0, Math.max(0, ended.length - KEEP_ENDED)))
      this.#flows.splice(this.#flows.indexOf(old), 1);
    const seen: Verification = {
      ...{ id: `${++this.#count}`, user, where: request.roomId ? 'room' : 'device' },
      ...{ begunBy: request.weStarted() ? 'us' : 'them', state: 'waiting' },
      ...{ emoji: [], decimals: [], identity: '', why: '' },
    };
    const flow: Flow = { seen, request };
    this.#flows.push(flow);
    this.#parts.options.onChange(seen);
    return flow;
  }

  #show(flow: Flow, change: Partial<Verification>): void {
    flow.seen = { ...flow.seen, ...change };
    this.#parts.options.onChange(flow.seen);
  }

  /** Somebody of the policy has asked. The crate ends both where they ask twice at once. */
  async #take(user: UserId, id: string): Promise<void> {
    const request = await this.#find(user, id);
    if (!request || request.weStarted()) return;
    if (this.#flows.filter(isOpen).length >= MAX_OPEN)
      await this.#parts.calls.run(async () => void request.cancel());
    else this.#add(user, request);
    await this.#advance();
  }

  /** The crate has taken in what a stranger sent to this device; it forgets what is cancelled. */
  async #ignore(user: UserId, id: string): Promise<void> {
    using request = await this.#find(user, id);
    await this.#parts.calls.run(async () => void request?.cancel());
  }

  #find(user: UserId, id: string): Promise<wasm.VerificationRequest | undefined> {
    return this.#parts.calls.run(async () => {
      using userId = new wasm.UserId(user);
      return this.#parts.machine.getVerificationRequest(userId, id);
    });
  }

  #admits(user: UserId): boolean {
    const { isKnown, onStranger } = this.#parts.options;
    if (isKnown(user)) return true;
    if (!this.#strangers.has(user) && this.#strangers.size < MAX_STRANGERS) onStranger(user);
    this.#strangers.add(user);
    return false;
  }

  async #send(one: ToSend): Promise<void> {
    const { calls, exchange, machine, options } = this.#parts;
    if (!(one instanceof wasm.RoomMessageRequest)) return exchange.send(one);
    const { id, room_id, event_type: type, body, txn_id: key } = one;
    const content = JSON.parse(body) as object;
    const event = await options.sendInRoom({ room: room_id as RoomId, type, content, key });
    const answer = JSON.stringify({ event_id: event });
    await calls.run(() => machine.markRequestAsSent(id, wasm.RequestType.RoomMessage, answer));
  }

  /** Beside the sync, which must not wait for what is said in a room. */
  #background(work: () => Promise<void>): void {
    this.#alone(work).catch((error: unknown) => this.#parts.options.onFailure(error));
  }
}

const isOpen = ({ seen }: Flow): boolean => seen.state !== 'done' && seen.state !== 'cancelled';

const fault = (message: string): Fault => new Fault('verification_failed', message);
