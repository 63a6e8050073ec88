/** How to type a command again, the way this one was typed. */

export interface Typed {
  /** As npm tells a script of package.json its name. */
  readonly npm_lifecycle_event?: string | undefined;
  readonly VAKTROM_DIR?: string | undefined;
}

/** `invocation('doctor', 'ops')`: `npm run -s vaktrom -- doctor --dir ops` in a checkout. */
export function invocation(words: string, dir: string, typed: Typed = process.env): string {
  const { VAKTROM_DIR = DEFAULT_DIR } = typed;
  return `${programOf(typed)} ${words}${dir === VAKTROM_DIR ? '' : ` --dir ${quote(dir)}`}`;
}

/** A whole command line, word for word. */
export const typedAgain = (args: readonly string[], typed: Typed = process.env): string =>
  [programOf(typed), ...args.map(quote)].join(' ');

const programOf = ({ npm_lifecycle_event: script }: Typed): string =>
  script === 'vaktrom' ? 'npm run -s vaktrom --' : 'vaktrom';

/** Where every command looks that is told nothing else. */
export const DEFAULT_DIR = '/etc/vaktrom';

/** For a shell. */
const quote = (word: string): string =>
  /^[\w./:@~+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
