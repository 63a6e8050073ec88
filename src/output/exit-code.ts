/** Explains an exit code to people. */

/** 128 + SIGKILL. A run that we killed ourselves has another outcome. */
const KILLED = 137;

export const describeExit = (code: number): string =>
  code === KILLED ? `exit ${code}: killed, as a rule because it ran out of memory` : `exit ${code}`;
