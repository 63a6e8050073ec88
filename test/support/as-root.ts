/**
 * Tests that only root can run, as nobody else has other users to be. For everybody else they are
 * reported as not run, with the reason; CI is root and takes that for a failure.
 */
export const isRoot = process.getuid?.() === 0;

/** For the options of a test: `t.test(name, asRoot('…'), …)`. */
export const asRoot = (reason: string): { readonly skip?: string } =>
  isRoot ? {} : { skip: `not run: ${reason}` };
