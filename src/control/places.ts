/**
 * Who has a place at the control socket, and how many one user has. The places are few, and anybody on
 * the host can connect: a connection that has proven nothing, or that has had its answer, keeps nobody
 * else out: the next connection gets its place.
 */
import type { Socket } from 'node:net';

const MAX_CONNECTIONS = 64;
const MAX_OF_ONE_USER = 8;

export interface Places {
  /** Takes a place until the connection closes. False: all are kept, and this one is turned away. */
  take(socket: Socket): boolean;
  /** Nobody else gets its place. */
  keep(socket: Socket): void;
  /** The next connection may have its place, as at first. */
  yield(socket: Socket): void;
  /** Cuts everybody off. */
  clear(): void;
}

export function openPlaces(): Places {
  /** In the order in which they came, with whether each keeps its place. */
  const taken = new Map<Socket, boolean>();
  const set = (socket: Socket, isKept: boolean): void => {
    if (taken.has(socket)) taken.set(socket, isKept);
  };
  const cutOff = (socket: Socket): void => {
    taken.delete(socket); // at once: its close comes later
    socket.destroy();
  };
  return {
    take(socket) {
      if (taken.size >= MAX_CONNECTIONS) {
        const [oldest] = [...taken].find(([, isKept]) => !isKept) ?? [socket];
        cutOff(oldest);
        if (oldest === socket) return false;
      }
      taken.set(socket, false);
      socket.once('close', () => taken.delete(socket));
      return true;
    },
    keep: (socket) => set(socket, true),
    yield: (socket) => set(socket, false),
    clear() {
      for (const socket of taken.keys()) socket.destroy();
    },
  };
}

/** Conversations by user. */
export interface Crowd {
  /** Counts one more; returns how to count it off. Undefined: that user has as many as one may have. */
  enter(uid: number): (() => void) | undefined;
}

export function openCrowd(): Crowd {
  const open = new Map<number, number>();
  const add = (uid: number, count: number): void => {
    const sum = (open.get(uid) ?? 0) + count;
    if (sum > 0) open.set(uid, sum);
    else open.delete(uid); // somebody with a range of ids is as many users as they like
  };
  return {
    enter(uid) {
      if ((open.get(uid) ?? 0) >= MAX_OF_ONE_USER) return undefined;
      add(uid, 1);
      return () => add(uid, -1);
    },
  };
}
