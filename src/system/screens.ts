/**
 * A terminal emulator on a thread of its own, one for each run: however costly a program's output is to
 * show, the daemon goes on meanwhile, and what takes too long can be ended.
 */
import { Worker } from 'node:worker_threads';
import type { Glance, Screen } from '../ports.ts';

/** What the thread is asked; each with an id of its own. */
export type Question =
  | { readonly kind: 'write'; readonly bytes: Uint8Array }
  | { readonly kind: 'glance'; readonly count: number }
  | { readonly kind: 'lines' };

interface Reply {
  readonly id: number;
  readonly value: unknown;
}

const THREAD = new URL('./screen-thread.ts', import.meta.url);
/** More than the greatest output that a policy would keep; without it, a bug could take all memory. */
const MAX_HEAP_MB = 512;

export function openScreen(): Screen {
  const worker = new Worker(THREAD, {
    // Nothing of how the daemon was started is of use there.
    ...{ env: {}, execArgv: [] },
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  let failure: Error | undefined;

  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  worker.on('message', ({ id, value }: Reply) => {
    waiting.get(id)?.resolve(value);
    waiting.delete(id);
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread of the screen has ended')));

  const ask = <T>(question: Question, transfer: ArrayBuffer[] = []): Promise<T> => {
    if (failure) return Promise.reject(failure);
    const reply = Promise.withResolvers<unknown>();
    const id = asked++;
    waiting.set(id, reply);
    worker.postMessage({ id, question }, transfer);
    return reply.promise as Promise<T>; // from our own thread
  };

  return {
    write(bytes) {
      const own = new Uint8Array(bytes); // the caller's may be a part of a larger one
      return ask<void>({ kind: 'write', bytes: own }, [own.buffer]);
    },
    glance: (count) => ask<Glance>({ kind: 'glance', count }),
    lines: () => ask<readonly string[]>({ kind: 'lines' }),
    [Symbol.dispose]() {
      fail(new Error('the screen is closed'));
      void worker.terminate();
    },
  };
}
