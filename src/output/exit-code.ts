/** What an exit code says by itself. */

/** 128 and SIGKILL. We name it otherwise where it was us who stopped it. */
const KILLED = 137;

export const describeExit = (code: number): string =>
  code === KILLED ? `exit ${code}: killed, as a rule because it ran out of memory` : `exit ${code}`;
