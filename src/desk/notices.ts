/** Tells people, in their direct rooms, that something waits for them. Nobody is told twice, nor rung for. */
import type { PersonName } from '../base/ids.ts';
import { type Block, line } from '../output/block.ts';
import { commandLine, planLines } from '../output/card.ts';
import { renderDigestWords } from '../output/digest-words.ts';
import type { Action, Policy } from '../policy/model.ts';
import { mayApprove } from '../policy/requirements.ts';
import type { State as Life } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import type { Desk } from './desk.ts';

export type Notify = (request: Request, life: Life) => void;

export function openNotices(desk: Pick<Desk, 'direct' | 'policy' | 'grounds' | 'linkFor'>): Notify {
  const told = new Set<string>();
  const once = (key: string, tell: () => void): void => {
    if (told.has(key)) return;
    told.add(key);
    tell();
  };
  return (request, life) => {
    const action = desk.grounds.actionOf(request);
    if (!action) return;
    if (life.kind === 'waiting' && life.missing.length > 0)
      once(request.id, () => tellWaiting(desk, request, action, life));
    if (life.kind === 'running' && request.frozen.urgent !== undefined)
      once(`${request.id}/urgent`, () => tellUrgent(desk, request, action));
  };
}

type Told = Pick<Desk, 'direct' | 'policy' | 'linkFor'>;

function tellWaiting(
  desk: Told,
  request: Request,
  action: Action,
  life: Life & { kind: 'waiting' },
): void {
  const requester = request.frozen.actor.person as PersonName;
  const factor = life.missing.find((m) => m.kind === 'step_up')?.factor;
  if (factor)
    desk.direct.tell(requester, `${request.id}/waits`, askRequester(desk, request, factor));
  // A break-glass run may wait for a code, and asks nobody for a sign-off.
  if (!life.missing.some((m) => m.kind === 'approvals')) return;
  for (const person of approversOf(desk.policy(), action, requester))
    desk.direct.tell(person, `${request.id}/waits`, askApprover(desk, request, action, person));
}

function askRequester(
  desk: Told,
  { id, digest, frozen }: Request,
  factor: 'totp' | 'webauthn',
): Block[] {
  const person = frozen.actor.person as PersonName;
  if (factor === 'totp') return [line(`${commandLine(frozen)}: type  otp ${id} <code>  here.`)];
  const link = desk.linkFor(person, 'stepup', id);
  return [
    line(
      link === undefined
        ? `${commandLine(frozen)} needs your passkey, and no page for passkeys is set up.`
        : `${commandLine(frozen)}: prove yourself with your passkey, if the page says ${renderDigestWords(digest)}: ${link}   Another link: start ${id}`,
    ),
  ];
}

function askApprover(desk: Told, request: Request, action: Action, person: PersonName): Block[] {
  const { id, digest, frozen } = request;
  const needs = action.require.approvals.map((q) => q.stepUp);
  const link = needs.includes('webauthn') ? desk.linkFor(person, 'approval', id) : undefined;
  const how = link ?? (needs.includes('totp') ? `otp ${id} <code>` : `approve ${id}`);
  return [
    line(`${frozen.actor.person} asks in ${frozen.room}: ${commandLine(frozen)} · request ${id}`),
    ...planLines(request),
    ...(link === undefined
      ? []
      : [line(`The page must say ${renderDigestWords(digest)}. Another link: approve ${id}`)]),
    line(`To sign it off: ${how}   To end it: deny ${id} <why>   More: show ${id}`),
  ];
}

function tellUrgent(desk: Told, { id, frozen }: Request, action: Action): void {
  const { person } = frozen.actor;
  for (const approver of approversOf(desk.policy(), action, person as PersonName))
    desk.direct.tell(approver, `${id}/urgent`, [
      line(
        `⚠ Break-glass: ${person} runs ${commandLine(frozen)} without sign-offs, because: ${frozen.urgent ?? ''}`,
      ),
      line(`Look at it, then close the review: review ${id} <what you found>`),
    ]);
}

/** Everybody whose sign-off the action asks for, but for the requester. */
function approversOf(policy: Policy, action: Action, requester: PersonName): readonly PersonName[] {
  return [...policy.people.keys()].filter((person) =>
    action.require.approvals.some((q) => mayApprove(policy, requester, q, person)),
  );
}
