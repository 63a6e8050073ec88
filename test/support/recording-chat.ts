/** A homeserver that takes everything down, refuses when told to, and can be made slow. */
import { Fault } from '../../src/base/errors.ts';
import type { EventId, RoomId, UserId } from '../../src/base/ids.ts';
import type { RoomFacts } from '../../src/policy/posture.ts';
import type { Chat, Post } from '../../src/ports.ts';
import { event, room } from './ids.ts';

/** A room that no posture has anything to say against. */
export const TIDY: RoomFacts = {
  encrypted: true,
  joinRule: 'invite',
  history: 'joined',
  guestAccess: 'forbidden',
  replacedBy: undefined,
  members: [],
};

export class RecordingChat implements Chat {
  /** Every post that reached a room, each key once, as the port promises. */
  readonly posts: Post[] = [];
  /** The direct rooms that were opened, by account, each one anew. */
  readonly opened: (readonly [account: UserId, room: RoomId])[] = [];
  readonly redacted: { readonly room: RoomId; readonly event: EventId; readonly reason: string }[] =
    [];
  /** What is said of a room that is asked about; of one that is not here, that it is tidy. */
  readonly facts = new Map<RoomId, RoomFacts>();
  /** While it is set, everything but posts fails. */
  isAway = false;
  readonly #events = new Map<string, EventId>();
  #refusal: ((post: Post) => boolean) | undefined;
  #gate: Promise<void> = Promise.resolve();

  async post(post: Post): Promise<EventId> {
    await this.#gate;
    if (this.#refusal?.(post)) throw new Fault('message_unsent', 'the room refused it');
    const known = this.#events.get(post.key);
    if (known !== undefined) return known;
    const id = event(`$answer-${this.posts.length}`);
    this.posts.push(post);
    this.#events.set(post.key, id);
    return id;
  }

  async openDirect(account: UserId): Promise<RoomId> {
    await this.#answer();
    const name = account.slice(1, account.indexOf(':'));
    const opened = room(`!direct-${name}-${this.opened.length}:example.org`);
    this.opened.push([account, opened]);
    return opened;
  }

  async redact(room: RoomId, event: EventId, reason: string): Promise<void> {
    await this.#answer();
    this.redacted.push({ room, event, reason });
  }

  async roomFacts(room: RoomId): Promise<RoomFacts> {
    await this.#answer();
    return this.facts.get(room) ?? TIDY;
  }

  /** Refuses these posts from now on, for good; nothing any more without an argument. */
  refuse(which?: (post: Post) => boolean): void {
    this.#refusal = which;
  }

  /** Holds everything back until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  /** What was said, as text. */
  get texts(): readonly string[] {
    return this.posts.map(({ body }) => body.text);
  }

  /** What was said in one room, as text. */
  textsIn(room: RoomId): readonly string[] {
    return this.posts.filter((post) => post.room === room).map(({ body }) => body.text);
  }

  async #answer(): Promise<void> {
    await this.#gate;
    if (this.isAway) throw new Fault('homeserver_unreachable', 'nobody answers');
  }
}
