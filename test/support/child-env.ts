/**
 * What a program that a test starts knows of its surroundings: where programs are, and where Node keeps
 * the code that it has compiled. Nothing of what tap hangs on every child.
 */
export function childEnv(path = process.env['PATH'] ?? ''): Readonly<Record<string, string>> {
  const cache = process.env['NODE_COMPILE_CACHE'];
  return { PATH: path, ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) };
}

/** Arguments of setpriv(1) before a program that must not outlive a test that is killed. */
export const DIES_WITH_US = ['--pdeathsig', 'KILL'] as const;
