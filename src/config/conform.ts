/**
 * Does a document conform to its schema? Turns the findings of zod into problems with a place, a
 * reason and, for a slip of the pen, a suggestion.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../base/result.ts';
import { nearest } from '../base/suggest.ts';
import {
  inFileOrder,
  MAX_PROBLEMS,
  type Path,
  type Problem,
  parseSource,
  type Source,
} from './document.ts';

export interface Conforming<T> {
  readonly value: T;
  readonly source: Source;
}

export function parseConforming<S extends z.ZodType>(
  schema: S,
  text: string,
  file: string,
): Result<Conforming<z.output<S>>, readonly Problem[]> {
  const source = parseSource(text, file);
  if (!source.ok) return source;
  const checked = schema.safeParse(source.value.value, { reportInput: true });
  if (checked.success) return ok({ value: checked.data, source: source.value });
  const look: Look = { source: source.value, outline: formatSchema(schema) };
  const issues = checked.error.issues.slice(0, MAX_PROBLEMS);
  return err(inFileOrder(issues.flatMap((issue) => explain(issue, [], look))));
}

/** JSON Schema (draft 2020-12) of what a person writes, so that editors complete it. */
export function formatSchema(schema: z.ZodType): Outline {
  return z.toJSONSchema(schema, { io: 'input' }) as Outline;
}

type Issue = z.core.$ZodIssue;

interface Look {
  readonly source: Source;
  readonly outline: Outline;
}

function explain(issue: Issue, base: Path, look: Look): Problem[] {
  const path = [...base, ...issue.path.map((p) => (typeof p === 'symbol' ? String(p) : p))];
  const at = (message: string, atKey = false): Problem =>
    look.source.problemAt(path, message, atKey);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys
        .slice(0, MAX_PROBLEMS)
        .map((key) =>
          look.source.problemAt([...path, key], unknownKey(key, keysAt(look.outline, path)), true),
        );
    case 'invalid_key':
      return issue.issues.map((inner) => at(reason(inner), true));
    case 'invalid_union': {
      const meant = meantBranch(issue.errors);
      if (meant) return meant.flatMap((inner) => explain(inner, path, look));
      return [at(issue.errors.flat().map(reason).join(', or '))];
    }
    default:
      return [at(reason(issue))];
  }
}

/** The branch of a union that fits furthest; undefined when the value is of no branch's kind. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (branch: readonly Issue[]) => Math.max(...branch.map((i) => i.path.length));
  const ofItsKind = branches.filter((branch) =>
    branch.every(
      ({ path, code }) => path.length > 0 || (code !== 'invalid_type' && code !== 'invalid_value'),
    ),
  );
  return ofItsKind.toSorted((a, b) => depth(b) - depth(a))[0];
}

function reason(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(issue.input, KIND[issue.expected] ?? issue.expected);
    case 'invalid_value':
      return wrongValue(issue.input, issue.values);
    case 'too_small':
      return issue.origin === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty';
    case 'too_big':
      return issue.origin === 'number'
        ? `must be at most ${issue.maximum}`
        : `must have at most ${issue.maximum} characters`;
    default:
      return issue.message;
  }
}

/** What a person calls what zod expects. */
const KIND: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  tuple: 'a list',
  object: 'a map (name: value)',
  record: 'a map (name: value)',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function wrongKind(input: unknown, kind: string): string {
  if (input === undefined) return `is missing (${kind})`;
  if (input === null) return `is empty; it must be ${kind}`;
  // YAML took it for something else than what was meant, and quotes are what tells it.
  if (kind === 'text' && typeof input !== 'object') return 'must be text: put it in quotes';
  if (typeof input === 'string' && kind.endsWith('number') && input !== '' && !Number.isNaN(+input))
    return `must be ${kind}: leave out the quotes`;
  return `must be ${kind}`;
}

function wrongValue(input: unknown, values: readonly unknown[]): string {
  const names = values.map(String);
  if (input === undefined) return `is missing (${names.join(', ')})`;
  if (values.length === 1)
    return `must be ${JSON.stringify(values[0])}${input === names[0] ? ': leave out the quotes' : ''}`;
  const near = typeof input === 'string' ? nearest(input, names) : undefined;
  const list = `must be one of ${names.join(', ')}`;
  return near === undefined ? list : `${list}; did you mean "${near}"?`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : known.length > 0
        ? `known here: ${known.join(', ')}`
        : 'no keys are known here';
  return `unknown key; ${hint}`;
}

interface Outline {
  readonly properties?: Readonly<Record<string, Outline>>;
  readonly additionalProperties?: Outline | boolean;
  readonly items?: Outline;
  readonly anyOf?: readonly Outline[];
}

function keysAt(outline: Outline, path: Path): readonly string[] {
  const [step, ...rest] = path;
  const branches = [outline, ...(outline.anyOf ?? [])];
  if (step === undefined) return branches.flatMap((b) => Object.keys(b.properties ?? {}));
  return branches.flatMap((branch) => {
    const { properties = {}, additionalProperties: extra, items } = branch;
    const own = Object.hasOwn(properties, step) ? properties[step] : undefined;
    const next = typeof step === 'number' ? items : (own ?? (extra === true ? undefined : extra));
    return next ? keysAt(next, rest) : [];
  });
}
