/** Runs what it is given one at a time, in the order in which it was given. */
export type Mutex = <T>(work: () => Promise<T>) => Promise<T>;

export function openMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => {}); // its caller is told; the next one has its own turn
    return mine;
  };
}

/** A mutex for each key, of which there have to be few: none is ever forgotten. */
export function openMutexes<K>(): (key: K) => Mutex {
  const mutexes = new Map<K, Mutex>();
  return (key) => {
    const mutex = mutexes.get(key) ?? openMutex();
    mutexes.set(key, mutex);
    return mutex;
  };
}
