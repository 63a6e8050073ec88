/**
 * Typed parameters: what a value must look like before it can become part of an argument vector.
 * Values are attacker-chosen text; a parameter that accepts a value accepts it whole.
 */
import { findInvisible, findInvisibleInProse } from '../base/invisible.ts';
import { nearest } from '../base/suggest.ts';
import type { Pattern } from './pattern.ts';

interface ParameterBase {
  readonly name: string;
  /** Used when the command leaves the parameter out; without it the parameter is required. */
  readonly fallback?: string;
  /** A value may begin with `-`. Off, so that no value is ever taken for an option. */
  readonly allowDash: boolean;
}

export type Parameter = ParameterBase &
  (
    | { readonly kind: 'enum'; readonly values: readonly string[] }
    | { readonly kind: 'pattern'; readonly pattern: Pattern; readonly maxLength: number }
    | { readonly kind: 'integer'; readonly min: number; readonly max: number }
    /** For the built-ins only: it never reaches an argument vector. */
    | { readonly kind: 'text' }
    /** The same, for people to read and for nothing to be looked up by. */
    | { readonly kind: 'prose' }
  );

/** Why `value` is not acceptable, as the end of a sentence; undefined when it is. */
export function faultInValue(parameter: Parameter, value: string): string | undefined {
  const find = parameter.kind === 'prose' ? findInvisibleInProse : findInvisible;
  const invisible = find(value);
  if (invisible !== undefined) return `it holds ${invisible}`;
  if (value.startsWith('-') && !parameter.allowDash) return 'a value may not begin with "-"';
  switch (parameter.kind) {
    case 'enum':
      return parameter.values.includes(value) ? undefined : oneOf(parameter.values, value);
    case 'pattern':
      if (value.length > parameter.maxLength)
        return `it has at most ${parameter.maxLength} characters`;
      return parameter.pattern.matches(value)
        ? undefined
        : `it must match ${parameter.pattern.source}`;
    case 'integer':
      return isInteger(value) && Number(value) >= parameter.min && Number(value) <= parameter.max
        ? undefined
        : `it is a whole number from ${parameter.min} to ${parameter.max}`;
    case 'text':
    case 'prose':
      return undefined;
  }
}

const LISTED = 12;

function oneOf(values: readonly string[], typed: string): string {
  const more = values.length > LISTED ? `, … (${values.length} in all)` : '';
  const near = nearest(typed, values);
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  return `it is one of ${values.slice(0, LISTED).join(', ')}${more}${hint}`;
}

// One spelling per number: no plus, no leading zero, no exponent.
const isInteger = (text: string): boolean => /^(?:0|-?[1-9][0-9]{0,15})$/.test(text);

/** `service=web|api|db`, for usage lines. */
export function usageOf(parameter: Parameter): string {
  const shape =
    parameter.kind === 'enum' && parameter.values.length <= 6
      ? `${parameter.name}=${parameter.values.join('|')}`
      : parameter.name;
  return parameter.fallback === undefined ? `<${shape}>` : `[${shape}]`;
}
