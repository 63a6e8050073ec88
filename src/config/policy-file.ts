/**
 * policy.yaml → Policy. A file is accepted whole or not at all: every name has to refer to something,
 * every template to a parameter, and everything wrong with it is reported at once, with its place.
 */
import { sha256Hex } from '../base/bytes.ts';
import type { ActionName, PersonName, RoomName, UserId } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import { nearest } from '../base/suggest.ts';
import { isBuiltIn } from '../command/catalogue.ts';
import type { Action, Person, Policy, Room, Window } from '../policy/model.ts';
import { parseConforming } from './conform.ts';
import type { Path, Problem } from './document.ts';
import { type ActionDocument, compileAction, type Report } from './policy-action.ts';
import { type PolicyDocument, policySchema } from './policy-schema.ts';

export type PolicyExpectation = NonNullable<PolicyDocument['tests']>[number];

export interface PolicyFile {
  readonly policy: Policy;
  /** The tests embedded in the file; run by `vaktrom policy test`. */
  readonly expectations: readonly PolicyExpectation[];
}

export function parsePolicy(text: string, file: string): Result<PolicyFile, readonly Problem[]> {
  const parsed = parseConforming(policySchema, text, file);
  if (!parsed.ok) return parsed;
  const { value, source } = parsed.value;
  const problems: Problem[] = [];
  const report: Report = (path, message, atKey) =>
    problems.push(source.problemAt(path, message, atKey));
  const policy = compile(value, sha256Hex(text), report);
  return problems.length > 0 ? err(problems) : ok({ policy, expectations: value.tests ?? [] });
}

function compile(document: PolicyDocument, sha256: string, report: Report): Policy {
  const people = compilePeople(document, report);
  const rooms = compileRooms(document, report);
  const windows = new Map<string, Window>(
    Object.entries(document.windows ?? {}).map(([name, w]) => [
      name,
      { timeZone: w.tz, days: w.days, from: w.from, until: w.to },
    ]),
  );
  const known: Known = {
    role: new Set([...people.values()].flatMap((p) => p.roles)),
    room: new Set(rooms.keys()),
    window: new Set(windows.keys()),
  };
  const actions = new Map<ActionName, Action>();
  for (const [name, action] of entries<ActionName, ActionDocument>(document.actions)) {
    const within: Report = (path, ...rest) => report(['actions', name, ...path], ...rest);
    checkReferences(name, action, known, within);
    actions.set(name, compileAction(name, action, document.defaults ?? {}, within));
  }
  return { sha256, people, rooms, windows, actions };
}

/** `Object.entries` that keeps the type of the keys. */
const entries = <K extends string, V>(record: Partial<Record<K, V>>): [K, V][] =>
  Object.entries(record) as [K, V][];

function compilePeople(document: PolicyDocument, report: Report): Map<PersonName, Person> {
  const owners = new Map<UserId, PersonName>();
  const people = new Map<PersonName, Person>();
  for (const [name, person] of entries<PersonName, PolicyDocument['people'][PersonName]>(
    document.people,
  )) {
    for (const [index, { id }] of person.accounts.entries()) {
      const owner = owners.get(id);
      if (owner !== undefined)
        report(
          ['people', name, 'accounts', index, 'id'],
          `${id} already belongs to ${owner}: one human could count twice`,
        );
      owners.set(id, name);
    }
    const accounts = person.accounts.map(({ id, identity }) => ({ id, identity }));
    people.set(name, { name, roles: person.roles, accounts });
  }
  return people;
}

function compileRooms(document: PolicyDocument, report: Report): Map<RoomName, Room> {
  const names = new Map<string, RoomName>();
  const rooms = new Map<RoomName, Room>();
  for (const [name, { id }] of entries<RoomName, PolicyDocument['rooms'][RoomName]>(
    document.rooms,
  )) {
    const other = names.get(id);
    if (other !== undefined) report(['rooms', name, 'id'], `${id} is already the room ${other}`);
    names.set(id, name);
    rooms.set(name, { name, id });
  }
  return rooms;
}

type Known = Readonly<Record<'role' | 'room' | 'window', ReadonlySet<string>>>;

function checkReferences(name: string, action: ActionDocument, known: Known, report: Report): void {
  const check = (kind: keyof Known, used: readonly string[], path: Path) => {
    for (const [index, item] of used.entries()) {
      if (known[kind].has(item)) continue;
      const near = nearest(item, known[kind]);
      const hint = near === undefined ? '' : `; did you mean "${near}"?`;
      const why = kind === 'role' ? 'no person has the role' : `there is no ${kind}`;
      report([...path, index], `${why} "${item}"${hint}`);
    }
  };
  if (isBuiltIn(name)) report([], `"${name}" is a built-in command; choose another name`, true);
  check('role', action.allow.roles, ['allow', 'roles']);
  check('room', action.allow.rooms, ['allow', 'rooms']);
  check('window', action.allow.windows ?? [], ['allow', 'windows']);
  const approvals = action.require?.approvals;
  if (Array.isArray(approvals))
    for (const [index, quorum] of approvals.entries())
      check('role', quorum.roles, ['require', 'approvals', index, 'roles']);
  else if (approvals) check('role', approvals.roles, ['require', 'approvals', 'roles']);
}
