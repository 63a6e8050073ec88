/** How to type a command again, the way this one was typed. */

export interface Typed {
  /** As npm tells a script of package.json its name. */
  readonly npm_lifecycle_event?: string | undefined;
  readonly VAKTROM_DIR?: string | undefined;
}

/** `invocation('doctor', 'ops')`: `npm run -s vaktrom -- doctor --dir ops` in a checkout. */
export function invocation(
  words: string,
  dir: string,
  { npm_lifecycle_event: script, VAKTROM_DIR = DEFAULT_DIR }: Typed = process.env,
): string {
  const program = script === 'vaktrom' ? 'npm run -s vaktrom --' : 'vaktrom';
  return `${program} ${words}${dir === VAKTROM_DIR ? '' : ` --dir ${quote(dir)}`}`;
}

/** Where every command looks that is told nothing else. */
export const DEFAULT_DIR = '/etc/vaktrom';

/** For a shell. */
const quote = (word: string): string =>
  /^[\w./:@~+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
