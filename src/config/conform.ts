/**
 * Does a document conform to its schema? Turns the findings of zod into problems with a place, a
 * reason and, for a slip of the pen, a suggestion.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../base/result.ts';
import { nearest } from '../base/suggest.ts';
import { type Path, type Problem, parseSource, type Source } from './document.ts';

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
  const outline = formatSchema(schema);
  return err(checked.error.issues.flatMap((issue) => explain(issue, [], source.value, outline)));
}

/** JSON Schema (draft 2020-12) of what a person writes, so that editors complete it. */
export function formatSchema(schema: z.ZodType): Outline {
  return z.toJSONSchema(schema, { io: 'input' }) as Outline;
}

type Issue = z.core.$ZodIssue;

function explain(issue: Issue, base: Path, source: Source, outline: Outline): Problem[] {
  const path = [...base, ...issue.path.map((p) => (typeof p === 'symbol' ? String(p) : p))];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) =>
      source.problemAt([...path, key], unknownKey(key, keysAt(outline, path)), true),
    );
  if (issue.code === 'invalid_union') {
    // The branch that fails deeper, or later, is the one that was meant.
    const branches = issue.errors.filter((b) =>
      b.some((i) => i.path.length > 0 || i.code !== 'invalid_type'),
    );
    const meant = branches[0] ?? issue.errors[0];
    return meant?.flatMap((inner) => explain(inner, path, source, outline)) ?? [];
  }
  return [source.problemAt(path, `${where(path)}${reason(issue)}`)];
}

const where = (path: Path): string => (path.length > 0 ? `${path.join('.')}: ` : '');

function reason(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return `is missing (${issue.expected})`;
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    if (issue.input === undefined) return `is missing (${values.join(', ')})`;
    const near = typeof issue.input === 'string' ? nearest(issue.input, values) : undefined;
    const list =
      values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
    return near === undefined ? list : `${list}; did you mean "${near}"?`;
  }
  if (issue.code === 'invalid_type') return `must be a ${issue.expected}`;
  return issue.message;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : known.length > 0
        ? `known here: ${known.join(', ')}`
        : 'no keys are known here';
  return `unknown key "${key}"; ${hint}`;
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
    const extra =
      typeof branch.additionalProperties === 'object' ? branch.additionalProperties : undefined;
    const next = typeof step === 'number' ? branch.items : (branch.properties?.[step] ?? extra);
    return next ? keysAt(next, rest) : [];
  });
}
