/**
 * Typed parameters: what a value must look like before it can become part of an argument vector.
 * Values are attacker-chosen text; a parameter that accepts a value accepts it whole.
 */

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
    | { readonly kind: 'pattern'; readonly pattern: RegExp; readonly maxLength: number }
    | { readonly kind: 'integer'; readonly min: number; readonly max: number }
    /** Free text, for the built-ins only: it never reaches an argument vector. */
    | { readonly kind: 'text' }
  );

/** Why `value` is not acceptable, as the end of a sentence; undefined when it is. */
export function faultInValue(parameter: Parameter, value: string): string | undefined {
  if (value.startsWith('-') && !parameter.allowDash && parameter.kind !== 'text')
    return 'a value may not begin with "-"';
  switch (parameter.kind) {
    case 'enum':
      return parameter.values.includes(value)
        ? undefined
        : `it is one of ${parameter.values.join(', ')}`;
    case 'pattern':
      if (value.length > parameter.maxLength)
        return `it has at most ${parameter.maxLength} characters`;
      return parameter.pattern.test(value)
        ? undefined
        : `it must match ${parameter.pattern.source}`;
    case 'integer':
      return isInteger(value) && Number(value) >= parameter.min && Number(value) <= parameter.max
        ? undefined
        : `it is a whole number from ${parameter.min} to ${parameter.max}`;
    case 'text':
      return undefined;
  }
}

// One spelling per number: no plus, no leading zero, no exponent.
const isInteger = (text: string): boolean => /^(?:0|-?[1-9][0-9]{0,14})$/.test(text);

/** `service=web|api|db`, for usage lines. */
export function usageOf(parameter: Parameter): string {
  const shape =
    parameter.kind === 'enum' && parameter.values.length <= 6
      ? `${parameter.name}=${parameter.values.join('|')}`
      : parameter.name;
  return parameter.fallback === undefined ? `<${shape}>` : `[${shape}]`;
}
