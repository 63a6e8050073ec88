/** A room that takes everything down, refuses when told to, and can be made slow. */
import { Fault } from '../../src/base/errors.ts';
import type { EventId } from '../../src/base/ids.ts';
import type { Chat, Post } from '../../src/ports.ts';
import { event } from './ids.ts';

export class RecordingChat implements Chat {
  /** Every post that reached the room, each key once, as the port promises. */
  readonly posts: Post[] = [];
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

  /** Refuses these from now on, for good; nothing any more without an argument. */
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
}
