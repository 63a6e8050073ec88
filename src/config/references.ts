/** Every name that a policy uses has to be one that it defines. */
import { nearest } from '../base/suggest.ts';
import type { Policy } from '../policy/model.ts';
import { LOCAL } from '../trust/local.ts';
import type { Path } from './document.ts';
import type { Report } from './policy-action.ts';
import type { PolicyDocument } from './policy-schema.ts';

export function checkReferences(
  { actions, tests = [], freeze, recovery }: PolicyDocument,
  { people, rooms, windows }: Pick<Policy, 'people' | 'rooms' | 'windows'>,
  report: Report,
): void {
  const check = (used: readonly string[], kind: Kind, path: Path): void => {
    for (const [index, name] of used.entries()) checkOne(name, kind, [...path, index]);
  };
  const checkOne = (name: string, { known, why }: Kind, path: Path): void => {
    if (known.has(name)) return;
    const near = nearest(name, known);
    report(path, `${why} "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
  };
  const person: Kind = { known: new Set(people.keys()), why: 'there is no person' };
  const room: Kind = { known: new Set([...rooms.keys(), LOCAL]), why: 'there is no room' };
  const window: Kind = { known: new Set(windows.keys()), why: 'there is no window' };
  const held = [...people.values()].flatMap(({ roles }) => roles);
  const role: Kind = { known: new Set(held), why: 'no person has the role' };

  check(freeze?.roles ?? [], role, ['freeze', 'roles']);
  check(freeze?.unfreeze ?? [], role, ['freeze', 'unfreeze']);
  check(recovery?.roles ?? [], role, ['recovery', 'roles']);
  for (const [name, { allow, require, break_glass }] of Object.entries(actions)) {
    const at: Path = ['actions', name];
    check(allow.roles, role, [...at, 'allow', 'roles']);
    check(allow.rooms, room, [...at, 'allow', 'rooms']);
    check(allow.windows ?? [], window, [...at, 'allow', 'windows']);
    check(break_glass?.roles ?? [], role, [...at, 'break_glass', 'roles']);
    const approvals = require?.approvals ?? [];
    if (!Array.isArray(approvals))
      check(approvals.roles, role, [...at, 'require', 'approvals', 'roles']);
    else
      for (const [index, { roles }] of approvals.entries())
        check(roles, role, [...at, 'require', 'approvals', index, 'roles']);
  }
  for (const [index, test] of tests.entries()) {
    checkOne(test.as, person, ['tests', index, 'as']);
    checkOne(test.in, room, ['tests', index, 'in']);
    const approvers = (test.approved_by ?? []).map((text) => text.replace(/:.*/, ''));
    check(approvers, person, ['tests', index, 'approved_by']);
  }
}

interface Kind {
  readonly known: ReadonlySet<string>;
  readonly why: string;
}
