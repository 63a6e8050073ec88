/** Commands as data: what can be typed, with which parameters. Actions come from the policy. */
import type { Parameter } from './parameter.ts';

export interface Offer {
  readonly name: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** The last parameter takes everything that follows, as it was typed. */
  readonly takesRest: boolean;
}

const text = (name: string, fallback?: string): Parameter => ({
  kind: 'text',
  name,
  allowDash: true,
  ...(fallback === undefined ? {} : { fallback }),
});

const builtIn = (
  summary: string,
  parameters: readonly Parameter[] = [],
  takesRest = false,
): Omit<Offer, 'name'> => ({ summary, parameters, takesRest });

/** The built-ins, in the order in which `help` lists them. */
const TABLE = {
  help: builtIn('what you may run in this room', [text('command', '')]),
  whoami: builtIn('who I take you for, and why'),
  why: builtIn('what the policy says to a command, without running it', [text('command')], true),
  jobs: builtIn('what is running'),
  cancel: builtIn('stop a run', [text('id')]),
  log: builtIn('the record of one request', [text('id')]),
  audit: builtIn('the head of the signed log'),
  version: builtIn('which version this is'),
} as const satisfies Record<string, Omit<Offer, 'name'>>;

export type BuiltInName = keyof typeof TABLE;

export const isBuiltIn = (name: string): name is BuiltInName => Object.hasOwn(TABLE, name);

export const BUILT_INS: readonly (Offer & { readonly name: BuiltInName })[] = Object.entries(
  TABLE,
).map(([name, offer]) => ({ name: name as BuiltInName, ...offer }));
