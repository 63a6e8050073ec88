/**
 * A regular expression of the policy, matched against attacker-chosen text in bounded time: all the
 * ways through it are followed at once (Thompson 1968), not one after the other, so that no pattern
 * can be made to run for long (ReDoS, CWE-1333). What cannot be done so is refused: references,
 * lookaround. What stands for one character (a class, an escape) is left to RegExp with flag u.
 */
import { err, ok, type Result } from '../base/result.ts';

export interface Pattern {
  readonly source: string;
  /** Does the pattern describe the whole of `text`? At most `MAX_STATES` steps for each character. */
  readonly matches: (text: string) => boolean;
}

const MAX_STATES = 1000;

/** The error is a sentence for the author of the policy. */
export function parsePattern(source: string): Result<Pattern, string> {
  try {
    new RegExp(source, 'u');
  } catch (error) {
    return err(error instanceof Error ? error.message : 'not a regular expression');
  }
  const tokens = readTokens(source);
  if (!tokens.ok) return tokens;
  const shape = shapeOf(tokens.value);
  if (sizeOf(shape) > MAX_STATES)
    return err('it is too large: fewer or smaller repeats; max_length bounds the value anyway');
  const end: State = { next: [] };
  const start = wire(shape, end);
  return ok({ source, matches: (text) => follow(start, text).has(end) });
}

type Token = { readonly kind: 'open' | 'close' | 'or' | 'times' | 'one'; readonly text: string };

const CLASS = String.raw`\[(?:\\.|[^\\\]])*\]`;
const ESCAPE = String.raw`\\(?:p\{[^}]*\}|u\{[^}]*\}|u(?!d[89a-f])[\da-f]{4}|x..|c.|[^\dbkucxp])`;
const PLAIN = String.raw`[^\\^$|()[\]{}*+?]`;
const TOKEN = new RegExp(
  [
    String.raw`(?<open>\((?:\?:)?(?!\?))`,
    String.raw`(?<close>\))`,
    String.raw`(?<or>\|)`,
    String.raw`(?<times>(?:[*+?]|\{\d+(?:,\d*)?\})\??)`,
    `(?<one>${CLASS}|${ESCAPE}|${PLAIN})`,
  ].join('|'),
  'isuy',
);

/** `source` has been accepted by RegExp, so what does not fit here is not supported rather than wrong. */
function readTokens(source: string): Result<readonly Token[], string> {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    TOKEN.lastIndex = at;
    const found = Object.entries(TOKEN.exec(source)?.groups ?? {}).find(([, text]) => text);
    if (!found) return err(unsupported(source, at));
    const [kind, text] = found;
    tokens.push({ kind: kind as Token['kind'], text });
    at += text.length;
  }
  return ok(tokens);
}

function unsupported(source: string, at: number): string {
  const what = /^(?:\(\?<?[=!]?|\\.|.)/su.exec(source.slice(at))?.[0] ?? '';
  const why =
    what === '^' || what === '$'
      ? 'is not needed: the whole value is matched'
      : 'is not supported: no lookaround, references, boundaries, named groups';
  return `${what} at character ${at + 1} ${why}`;
}

type Shape =
  | { readonly kind: 'one'; readonly char: RegExp }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Shape[] }
  | { readonly kind: 'times'; readonly of: Shape; readonly min: number; readonly max: number };

function shapeOf(tokens: readonly Token[]): Shape {
  let at = 0;
  const any = (): Shape => {
    const of = [all()];
    while (tokens[at]?.kind === 'or') {
      at++;
      of.push(all());
    }
    return { kind: 'any', of };
  };
  const all = (): Shape => {
    const of: Shape[] = [];
    for (;;) {
      const token = tokens[at];
      if (token?.kind !== 'one' && token?.kind !== 'open') return { kind: 'all', of };
      at++;
      of.push(times(token.kind === 'one' ? one(token.text) : group()));
    }
  };
  const group = (): Shape => {
    const inside = any();
    at++; // its closing parenthesis
    return inside;
  };
  const times = (of: Shape): Shape => {
    const token = tokens[at];
    if (token?.kind !== 'times') return of;
    at++;
    return { kind: 'times', of, ...boundsOf(token.text) };
  };
  return any();
}

const one = (text: string): Shape => ({ kind: 'one', char: new RegExp(`^(?:${text})$`, 'u') });

/** Lazy or greedy is the same when the whole value is matched. */
function boundsOf(text: string): { readonly min: number; readonly max: number } {
  const [, least = '0', comma, most] = /^\{(\d+)(,)?(\d*)\}/.exec(text) ?? [];
  if (text.startsWith('{'))
    return {
      min: Number(least),
      max: comma === undefined ? Number(least) : most ? Number(most) : Infinity,
    };
  return { min: text.startsWith('+') ? 1 : 0, max: text.startsWith('?') ? 1 : Infinity };
}

function sizeOf(shape: Shape): number {
  if (shape.kind === 'one') return 1;
  if (shape.kind !== 'times') return shape.of.reduce((sum, part) => sum + sizeOf(part), 1);
  const copies = shape.max === Infinity ? shape.min + 1 : shape.max;
  return copies * (sizeOf(shape.of) + 1) + 1;
}

/** With `char`, a step over one character; without, a fork that takes none. */
interface State {
  readonly char?: RegExp;
  readonly next: State[];
}

/** The state in which `shape` begins, if what comes after it begins in `after`. */
function wire(shape: Shape, after: State): State {
  switch (shape.kind) {
    case 'one':
      return { char: shape.char, next: [after] };
    case 'all':
      return shape.of.reduceRight((next, part) => wire(part, next), after);
    case 'any':
      return { next: shape.of.map((part) => wire(part, after)) };
    case 'times': {
      let at: State = { next: [after] };
      if (shape.max === Infinity) at.next.push(wire(shape.of, at));
      else for (let i = shape.min; i < shape.max; i++) at = { next: [after, wire(shape.of, at)] };
      for (let i = 0; i < shape.min; i++) at = wire(shape.of, at);
      return at;
    }
  }
}

/** The states that are left when all of `text` has been taken. */
function follow(start: State, text: string): ReadonlySet<State> {
  let states = reachable([start]);
  for (const char of text)
    states = reachable([...states].flatMap((s) => (s.char?.test(char) ? s.next : [])));
  return states;
}

/** `states` and all behind forks. A set that is walked also walks what is added meanwhile. */
function reachable(states: Iterable<State>): ReadonlySet<State> {
  const all = new Set(states);
  for (const state of all)
    if (state.char === undefined) for (const next of state.next) all.add(next);
  return all;
}
