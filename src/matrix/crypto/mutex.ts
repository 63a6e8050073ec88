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
