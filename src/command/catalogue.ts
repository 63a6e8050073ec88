/** Commands as data: what can be typed, with which parameters. Actions come from the policy. */
import type { Parameter } from './parameter.ts';

export interface Offer {
  readonly name: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** The last parameter takes everything that follows, as it was typed. */
  readonly takesRest: boolean;
}

const typed = (kind: 'text' | 'prose', name: string, fallback?: string): Parameter => ({
  kind,
  name,
  allowDash: true,
  ...(fallback === undefined ? {} : { fallback }),
});

const text = (name: string, fallback?: string): Parameter => typed('text', name, fallback);
const prose = (name: string, fallback?: string): Parameter => typed('prose', name, fallback);

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
  pending: builtIn('what waits for a proof or a sign-off'),
  show: builtIn('one request, exactly', [text('id')]),
  approve: builtIn('sign off the request of another person', [text('id')]),
  withdraw: builtIn('take your sign-off back, until it has started', [text('id')]),
  deny: builtIn('end the request of another person', [text('id'), prose('reason', '')], true),
  start: builtIn('start your request that has been granted', [text('id')]),
  otp: builtIn(
    'give a one-time code for a request; in our direct room only',
    [text('id'), text('code')],
    true,
  ),
  cancel: builtIn('withdraw your request, or stop a run', [text('id')]),
  jobs: builtIn('what is running'),
  log: builtIn('the record of one request', [text('id')]),
  allow: builtIn(
    'ask that you may run an action some times without asking again: !allow 5 2h deploy service=api',
    [text('times'), text('within'), text('command')],
    true,
  ),
  'break-glass': builtIn(
    'run an action without sign-offs, because: !break-glass "the site is down" deploy web 1.2.3',
    [prose('reason'), text('command')],
    true,
  ),
  review: builtIn(
    'close the review of a break-glass run of another person',
    [text('id'), prose('words')],
    true,
  ),
  freeze: builtIn(
    'stop every change and destructive action in a scope (all, an action, a room)',
    [text('scope'), prose('why')],
    true,
  ),
  unfreeze: builtIn('lift a freeze', [text('scope')]),
  recover: builtIn('agree that another person may enrol lost factors anew', [text('person')]),
  enrol: builtIn(
    'set up one-time codes, or a passkey (!enrol passkey); in our direct room only',
    [text('code', '')],
    true,
  ),
  direct: builtIn('open our direct room; with new, make another one', [text('new', '')]),
  audit: builtIn('the head of the signed log'),
  version: builtIn('which version this is'),
} as const satisfies Record<string, Omit<Offer, 'name'>>;

export type BuiltInName = keyof typeof TABLE;

export const isBuiltIn = (name: string): name is BuiltInName => Object.hasOwn(TABLE, name);

export const BUILT_INS: readonly (Offer & { readonly name: BuiltInName })[] = Object.entries(
  TABLE,
).map(([name, offer]) => ({ name: name as BuiltInName, ...offer }));
