/**
 * policy.yaml → Policy. A file is accepted whole or not at all: every name has to refer to something,
 * every template to a parameter, and everything wrong with it is reported at once, with its place.
 */
import { sha256Hex } from '../base/bytes.ts';
import type { ActionName, PersonName, RoomName } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { isBuiltIn } from '../command/catalogue.ts';
import type { Action, Person, Policy, Posture, Room, Window } from '../policy/model.ts';
import { DIRECT } from '../trust/judge.ts';
import { LOCAL } from '../trust/local.ts';
import { parseConforming } from './conform.ts';
import { inFileOrder, MAX_PROBLEMS, type Problem, type Source } from './document.ts';
import { type ActionDocument, compileAction, type Report } from './policy-action.ts';
import { type PolicyDocument, policySchema } from './policy-schema.ts';
import { checkReferences } from './references.ts';

export type PolicyExpectation = NonNullable<PolicyDocument['tests']>[number];

export interface PolicyFile {
  readonly policy: Policy;
  /** The tests embedded in the file; run by `vaktrom policy test`. */
  readonly expectations: readonly PolicyExpectation[];
  /** Where in the file each part of it stands. */
  readonly source: Source;
}

/**
 * The policy of a file, which has to say where it ends. A write that was broken off leaves a beginning
 * that is often valid as well, and that allows more: the `require:` of the last action may be what is
 * missing. A newline at the end would prove too little, since a file can be cut off between two lines.
 * The mark is the one that YAML itself has for the end of a document.
 */
export function parsePolicyFile(
  text: string,
  file: string,
): Result<PolicyFile, readonly Problem[]> {
  const parsed = parsePolicy(text, file);
  const lines = text.split(/\r?\n/);
  const last = lines.findLast((line) => !COMMENT.test(line)) ?? '';
  return !parsed.ok || END_MARK.test(last)
    ? parsed
    : err([{ file, line: lines.length, column: 1, message: NO_END }]);
}

const COMMENT = /^[ \t]*(?:#|$)/;
const END_MARK = /^\.{3}[ \t]*(?:$|[ \t]#)/;
const NO_END =
  'the file does not say that it ends here, so it may have been cut off; if it is whole, add a last line of three dots: ...';

export function parsePolicy(text: string, file: string): Result<PolicyFile, readonly Problem[]> {
  const parsed = parseConforming(policySchema, text, file);
  if (!parsed.ok) return parsed;
  const { value, source } = parsed.value;
  const problems: Problem[] = [];
  const report: Report = (path, message, atKey) => {
    if (problems.length < MAX_PROBLEMS) problems.push(source.problemAt(path, message, atKey));
  };
  const policy = compile(value, sha256Hex(text), report);
  return problems.length > 0
    ? err(inFileOrder(problems))
    : ok({ policy, expectations: value.tests ?? [], source });
}

function compile(document: PolicyDocument, sha256: string, report: Report): Policy {
  const people = compilePeople(document, report);
  const rooms = compileRooms(document, report);
  const windows = compileWindows(document, report);
  checkReferences(document, { people, rooms, windows }, report);
  const actions = new Map<ActionName, Action>();
  for (const [name, action] of entries<ActionName, ActionDocument>(document.actions)) {
    const within: Report = (path, ...rest) => report(['actions', name, ...path], ...rest);
    if (isBuiltIn(name)) within([], `"${name}" is a built-in command; choose another name`, true);
    actions.set(name, compileAction(name, action, document.defaults ?? {}, within));
  }
  return { sha256, people, rooms, windows, actions, ...compileExtras(document, people) };
}

function compileExtras(
  { freeze, recovery }: PolicyDocument,
  people: ReadonlyMap<PersonName, Person>,
): Pick<Policy, 'freeze' | 'recovery'> {
  // Stopping is safe: where nothing is said, everybody may.
  const everyRole = [...new Set([...people.values()].flatMap(({ roles }) => roles))];
  const freezers = freeze?.roles ?? everyRole;
  return {
    freeze: { freeze: freezers, unfreeze: freeze?.unfreeze ?? freezers },
    recovery: recovery && { ...recovery, stepUp: undefined },
  };
}

/** `Object.entries` that keeps the type of the keys. */
const entries = <K extends string, V>(record: Partial<Record<K, V>>): [K, V][] =>
  Object.entries(record) as [K, V][];

function compilePeople(document: PolicyDocument, report: Report): Map<PersonName, Person> {
  const owners = new Map<string, PersonName>();
  const people = new Map<PersonName, Person>();
  for (const [name, person] of entries<PersonName, PolicyDocument['people'][PersonName]>(
    document.people,
  )) {
    for (const [index, account] of person.accounts.entries())
      for (const field of ['id', 'identity'] as const) {
        const value = account[field];
        const owner = value === undefined ? undefined : owners.get(value);
        if (owner !== undefined)
          report(
            ['people', name, 'accounts', index, field],
            `${value} already belongs to ${owner}: one human could count twice`,
          );
        if (value !== undefined) owners.set(value, name);
      }
    for (const [index, user] of (person.local_users ?? []).entries()) {
      const owner = owners.get(`user ${user}`);
      if (owner !== undefined)
        report(['people', name, 'local_users', index], `${user} already belongs to ${owner}`);
      owners.set(`user ${user}`, name);
    }
    const accounts = person.accounts.map(({ id, identity }) => ({ id, identity }));
    const localUsers = person.local_users ?? [];
    people.set(name, { name, roles: person.roles, accounts, localUsers });
  }
  return people;
}

function compileRooms(document: PolicyDocument, report: Report): Map<RoomName, Room> {
  const names = new Map<string, RoomName>();
  const rooms = new Map<RoomName, Room>();
  for (const [name, room] of entries<RoomName, PolicyDocument['rooms'][RoomName]>(document.rooms)) {
    const { id } = room;
    if (name === DIRECT)
      report(['rooms', name], `"${name}" means the direct rooms; choose another name`, true);
    if (name === LOCAL)
      report(['rooms', name], `"${name}" means the host's terminal; choose another name`, true);
    const other = names.get(id);
    if (other !== undefined) report(['rooms', name, 'id'], `${id} is already the room ${other}`);
    names.set(id, name);
    rooms.set(name, { name, id, posture: compilePosture(room) });
  }
  return rooms;
}

function compilePosture(room: PolicyDocument['rooms'][RoomName]): Posture | undefined {
  const { posture, max_members: maxMembers } = room;
  if (!posture && maxMembers === undefined) return undefined;
  return {
    encrypted: posture?.encrypted ?? false,
    inviteOnly: posture?.invite_only ?? false,
    noGuests: posture?.guests === false,
    history: posture?.history,
    membersInPolicy: posture?.members === 'policy',
    servers: posture?.servers,
    maxMembers,
  };
}

function compileWindows(document: PolicyDocument, report: Report): Map<string, Window> {
  const windows = new Map<string, Window>();
  for (const [name, { tz, days, from, to }] of Object.entries(document.windows ?? {})) {
    if (from === to)
      report(
        ['windows', name, 'to'],
        'is "from" again: it would never be open (a day ends at 24:00)',
      );
    windows.set(name, { timeZone: tz, days, from, until: to });
  }
  return windows;
}
