/** Everything but the values and what is required: may this person ask for the action here and now? */
import type { Ask, DenyCode, Facts, Step } from './decision.ts';
import { list } from './list.ts';
import type { Action, Person, Policy } from './model.ts';
import { holdsOneOf } from './roles.ts';
import { describeWindow, isOpen } from './window.ts';

export interface Case {
  readonly policy: Policy;
  readonly action: Action;
  readonly ask: Ask;
  readonly person: Person | undefined;
  readonly facts: Facts;
}

type Look = (c: Case) => Omit<Step, 'check'>;

const STANDING: readonly (readonly [DenyCode, Look])[] = [
  [
    'person',
    ({ person, ask }) => ({
      holds: person !== undefined,
      need: 'a person of the policy',
      have: ask.person,
    }),
  ],
  [
    'identity',
    ({ action, ask }) => ({
      holds: ask.pinned || action.effect === 'read',
      need: 'pinned',
      have: ask.pinned ? 'pinned' : 'not pinned',
    }),
  ],
  [
    'role',
    ({ action, person }) => ({
      holds: holdsOneOf(person, action.roles),
      need: list(action.roles),
      have: list(person?.roles ?? []),
    }),
  ],
  [
    'room',
    ({ action, ask }) => ({
      holds: action.rooms.includes(ask.room),
      need: list(action.rooms),
      have: ask.room,
    }),
  ],
  [
    'posture',
    ({ action, facts }) => ({
      holds: action.effect === 'read' || facts.drift === undefined,
      need: 'the room as the policy demands it',
      have: facts.drift ?? 'as demanded',
    }),
  ],
  [
    'window',
    ({ action, policy, facts: { now } }) => {
      const windows = action.windows.map((name) => ({ name, window: policy.windows.get(name) }));
      return {
        holds: windows.length === 0 || windows.some(({ window }) => window && isOpen(window, now)),
        need: list(
          windows.map(({ name, window }) =>
            window ? `${name} (${describeWindow(window)})` : name,
          ),
        ),
        have: new Date(now).toISOString(),
      };
    },
  ],
  [
    'freeze',
    ({ action, ask, facts }) => {
      const over = facts.freezes.find(({ scope }) => covers(scope, action, ask));
      return {
        holds: action.effect === 'read' || over === undefined,
        need: 'not frozen',
        have: over ? `${over.scope} is frozen: ${over.why}` : 'not frozen',
      };
    },
  ],
  [
    'break_glass',
    ({ action, ask, person, facts }) => {
      const isOneOf = holdsOneOf(person, action.breakGlass);
      const isOpen = facts.reviewIsOpen;
      return {
        holds: ask.urgent === undefined || (isOneOf && !isOpen),
        need: isOneOf ? 'no review open' : list(action.breakGlass),
        have: isOneOf && isOpen ? 'a review open' : list(person?.roles ?? []),
      };
    },
  ],
  [
    'allowance',
    ({ action, ask }) => ({
      holds: !ask.isAllowance || action.allowance !== undefined,
      need: 'an action that the policy lets be allowed in advance',
      have: action.name,
    }),
  ],
];

const covers = (scope: string, action: Action, ask: Ask): boolean =>
  scope === 'all' || scope === action.name || scope === ask.room;

/** What mode observe and warn overlook. Who it is, the values and what is required they never do. */
const ADVISABLE: readonly DenyCode[] = ['role', 'room', 'window'];

/** Everything but the values: may this person ask for the action here and now? */
export function standing(
  c: Case,
  trace: Step[],
): { readonly denied?: DenyCode; readonly despite: DenyCode | undefined } {
  const isAdvisory = c.action.mode !== 'enforce' && c.action.effect === 'read';
  let despite: DenyCode | undefined;
  for (const [check, look] of STANDING) {
    const step = { check, ...look(c) };
    trace.push(step);
    if (step.holds) continue;
    if (!isAdvisory || !ADVISABLE.includes(check)) return { denied: check, despite };
    despite ??= check;
  }
  return { despite };
}
