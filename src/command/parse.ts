/**
 * Typed text + catalogue → a command with named, checked values; or one sentence that says how far
 * it got and what to type instead. Values are given by position, as `name=value`, or as
 * `--name value`; once a value is named, the rest may still be given by position, in order. Phone
 * keyboards turn `--` into —: before the name of a parameter, and only there, it is taken for `--`.
 */
import { findInvisible } from '../base/invisible.ts';
import { err, ok, type Result } from '../base/result.ts';
import { nearest } from '../base/suggest.ts';
import type { Offer } from './catalogue.ts';
import { faultInValue, type Parameter, usageOf } from './parameter.ts';
import { splitWords, type Word } from './words.ts';

export interface Command {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

export type ParseRefusalCode = 'malformed' | 'unknown_command' | 'bad_parameter';

export interface ParseRefusal {
  readonly code: ParseRefusalCode;
  /** A sentence for the person who typed it. */
  readonly message: string;
}

/**
 * `offers`: everything there is. `visible`: the names that the asker may know of; only these are
 * suggested, and the values of any other are not even looked at, so that no complaint about them can
 * tell what it takes.
 */
export function parseCommand(
  typed: string,
  offers: ReadonlyMap<string, Offer>,
  visible: ReadonlySet<string>,
): Result<Command, ParseRefusal> {
  const named = readName(typed);
  if (!named.ok) return malformed(named.error);
  const name = named.value;
  const offer = offers.get(name);
  if (!offer) return unknownCommand(name, visible);
  if (!visible.has(name)) return ok({ name, values: noValues() });
  const { parameters, takesRest } = offer;
  const words = splitWords(typed, takesRest ? 1 + parameters.length : Infinity);
  if (!words.ok) return malformed(words.error);
  const values = bindValues(offer, words.value.slice(1));
  return values.ok ? ok({ name, values: values.value }) : badParameter(offer, values.error);
}

/** The name of the command: its first word, before anything is known of how the rest is to be read. */
export function readName(typed: string): Result<string, string> {
  const words = splitWords(typed, 2);
  if (!words.ok) return words;
  const [first] = words.value;
  const invisible = findInvisible(first?.text ?? '');
  if (invisible !== undefined)
    return err(`A command is one line of visible text; it holds ${invisible}.`);
  // ASCII only: the Kelvin sign is not a k.
  return first
    ? ok(first.text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()))
    : err('There is no command. Try !help.');
}

const malformed = (message: string): Result<never, ParseRefusal> =>
  err({ code: 'malformed', message });

function unknownCommand(name: string, visible: ReadonlySet<string>): Result<never, ParseRefusal> {
  const near = nearest(name, visible);
  const hint = near === undefined ? 'Try !help.' : `Did you mean !${near}?`;
  return err({
    code: 'unknown_command',
    message: `There is no command !${shown(name)} here. ${hint}`,
  });
}

export const usage = (offer: Pick<Offer, 'name' | 'parameters'>): string =>
  [`!${offer.name}`, ...offer.parameters.map(usageOf)].join(' ');

const badParameter = (offer: Offer, why: string): Result<never, ParseRefusal> =>
  err({ code: 'bad_parameter', message: `${why} Usage: ${usage(offer)}` });

/** As much of what was typed as an answer repeats. */
const shown = (typed: string): string => (typed.length > 60 ? `${typed.slice(0, 60)}…` : typed);

/** Without a prototype: `constructor` is the name of a parameter like any other. */
type Values = Record<string, string>;
const noValues = (): Values => Object.create(null);

function bindValues(offer: Offer, words: readonly Word[]): Result<Values, string> {
  const values = noValues();
  const byName = new Map(offer.parameters.map((p) => [p.name, p]));
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (!word) break;
    const named = namedValue(word, words[i + 1], byName);
    if (!named.ok) return named;
    if (named.value?.tookNext) i++;
    const target = named.value?.parameter ?? offer.parameters.find((p) => !(p.name in values));
    if (!target) return err(`"${shown(word.text)}" is one value too many.`);
    if (target.name in values) return err(`${target.name} is given twice.`);
    values[target.name] = named.value ? named.value.text : word.text;
  }
  return withFallbacks(offer.parameters, values);
}

interface Named {
  readonly parameter: Parameter;
  readonly text: string;
  readonly tookNext: boolean;
}

const OPTION = /^(?:--|[–—―])([a-z][a-z0-9_-]*)(?:=(.*))?$/s;

/** `name=value` or `--name value` or `--name=value`; undefined for a value given by position. */
function namedValue(
  word: Word,
  next: Word | undefined,
  byName: ReadonlyMap<string, Parameter>,
): Result<Named | undefined, string> {
  if (word.quoted) return ok(undefined);
  const option = OPTION.exec(word.text);
  if (option) {
    const [, name = '', attached] = option;
    const parameter = byName.get(name);
    if (!parameter) return err(unknownParameter(name, byName));
    const follows = next && (next.quoted || !OPTION.test(next.text));
    if (attached === undefined && !follows) return err(`--${name} has no value.`);
    return ok({
      parameter,
      text: attached ?? next?.text ?? '',
      tookNext: attached === undefined,
    });
  }
  const assignment = /^([a-z][a-z0-9_-]*)=(.*)$/s.exec(word.text);
  if (!assignment || byName.size === 0) return ok(undefined);
  const [, name = '', text = ''] = assignment;
  const parameter = byName.get(name);
  // A value with "=" in it is taken for a slip in a name rather than guessed at; quotes make it plain.
  return parameter ? ok({ parameter, text, tookNext: false }) : err(unknownParameter(name, byName));
}

function unknownParameter(name: string, byName: ReadonlyMap<string, Parameter>): string {
  const near = nearest(name, byName.keys());
  return `There is no parameter ${shown(name)}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

/** In the order of the parameters: so they are shown, by position. */
function withFallbacks(parameters: readonly Parameter[], given: Values): Result<Values, string> {
  const values = noValues();
  for (const parameter of parameters) {
    const value = given[parameter.name] ?? parameter.fallback;
    if (value === undefined) return err(`${parameter.name} is missing.`);
    const fault = given[parameter.name] === undefined ? undefined : faultInValue(parameter, value);
    if (fault !== undefined) return err(`${parameter.name} cannot be "${shown(value)}": ${fault}.`);
    values[parameter.name] = value;
  }
  return ok(values);
}
