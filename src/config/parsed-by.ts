import { z } from 'zod';
import type { Result } from '../base/result.ts';

/** A string that one of our parsers accepts; the parser's sentence becomes the problem. */
export const parsedBy = <T extends string>(
  parse: (text: string) => Result<T, string>,
  about: string,
) =>
  z
    .string()
    .transform((text, context) => {
      const parsed = parse(text);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.error });
      return z.NEVER;
    })
    .describe(about);
