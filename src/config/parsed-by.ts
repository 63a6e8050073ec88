import { z } from 'zod';
import type { Shaped } from '../base/ids.ts';
import type { Result } from '../base/result.ts';

type Parse<T extends string> = (text: string) => Result<T, string>;

/** A string that one of our parsers accepts; the parser's sentence becomes the problem. */
export const parsedBy = <T extends string>(parse: Parse<T> | Shaped<T>, about: string) =>
  z
    .string()
    .meta(outlineOf(parse))
    .transform((text, context) => {
      const parsed = parse(text);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.error });
      return z.NEVER;
    })
    .describe(about);

/** What JSON Schema can say of it. All of these are ASCII, so their length in bytes is their length. */
const outlineOf = <T extends string>(
  parse: Parse<T> | Shaped<T>,
): Readonly<Record<string, unknown>> =>
  'shape' in parse ? { pattern: parse.shape.source, maxLength: parse.maxLength } : {};
