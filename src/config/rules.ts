/**
 * Rules about several keys of one map, each said once: for zod, which the daemon asks, and for JSON
 * Schema, which editors ask.
 */
import type { z } from 'zod';

export interface Rule {
  readonly holds: (map: Readonly<Record<string, unknown>>) => boolean;
  readonly message: string;
  /** Where the problem is; the map itself if left out. */
  readonly at?: string;
  /** The same, as a JSON Schema. */
  readonly outline: object;
}

/** The schema, and whatever breaks one of the rules is refused. */
export function ruled<S extends z.ZodType<object>>(schema: S, ...rules: readonly Rule[]): S {
  const checked = rules.reduce<S>(
    (before, { holds, message, at }) =>
      before.refine((map) => holds(Object.fromEntries(Object.entries(map))), {
        message,
        ...(at === undefined ? {} : { path: [at] }),
      }),
    schema,
  );
  return checked.meta({ allOf: rules.map(({ outline }) => outline) });
}

const has = (map: Readonly<Record<string, unknown>>, key: string): boolean =>
  map[key] !== undefined;

export const exactlyOneOf = (...keys: readonly string[]): Rule => ({
  holds: (map) => keys.filter((key) => has(map, key)).length === 1,
  message: `needs exactly one of ${keys.join(', ')}`,
  outline: { oneOf: keys.map((key) => ({ required: [key] })) },
});

export const together = (one: string, other: string): Rule => ({
  holds: (map) => has(map, one) === has(map, other),
  message: `${one} and ${other} go together`,
  outline: { dependentRequired: { [one]: [other], [other]: [one] } },
});

/** `key` is only for maps in which `where` is `value`. */
export const onlyWhere = (key: string, where: string, value: string): Rule => ({
  holds: (map) => !has(map, key) || map[where] === value,
  message: `goes with ${where}: ${value}`,
  at: key,
  outline: {
    anyOf: [
      { not: { required: [key] } },
      { required: [where], properties: { [where]: { const: value } } },
    ],
  },
});
