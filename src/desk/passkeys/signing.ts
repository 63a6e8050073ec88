/** With a passkey: proving oneself for a request of one's own, signing off or denying that of another. */
import type { Actor, Evidence } from '../../audit/body.ts';
import type { PersonName, RequestId } from '../../base/ids.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { renderFate, renderProgress } from '../../output/fate.ts';
import { describeMissing } from '../../policy/explain.ts';
import type { Request } from '../../request/request.ts';
import type { Desk } from '../desk.ts';
import { obstacle } from '../orders/sign-off.ts';
import type { Alive } from '../requests.ts';
import type { Link } from './links.ts';
import { askForProof, type PasskeyParts, passkeysOf, type Step } from './proof.ts';

export type Act = 'prove' | 'approve' | 'deny';

const PURPOSES = { prove: 'stepup', approve: 'approval', deny: 'denial' } as const;
const MAX_REASON_CHARS = 500;

/** The acts that a link is for. */
export const actsOf = ({ errand }: Pick<Link, 'errand'>): readonly Act[] =>
  errand === 'stepup' ? ['prove'] : errand === 'approval' ? ['approve', 'deny'] : [];

export async function beginSigning(
  parts: PasskeyParts,
  link: Link,
  act: Act,
): Promise<Result<Step, string>> {
  const { desk } = parts;
  const { person } = link;
  const open = findOpen(desk, link);
  if (!open.ok) return open;
  const { id, digest } = open.value.request;
  if (passkeysOf(desk, person).length === 0) return err(NO_PASSKEY);
  const proof = await askForProof(parts, { person, purpose: PURPOSES[act], digest });
  return ok({
    asked: proof.asked,
    async take(answer, remark) {
      const proven = await proof.verify(answer);
      if (!proven.ok) return { kind: 'refused', why: proven.error };
      // A person may take a while over it: what the link was good for may be over.
      const still = findOpen(desk, link);
      if (!still.ok) return { kind: 'done', said: still.error };
      const { request } = still.value;
      // Invariant: a signature counts for the digest that it was made over, and for no other.
      if (request.digest !== digest)
        return { kind: 'refused', why: 'another request has its name now' };
      await carryOut[act](desk, { person, request, evidence: proven.value, remark });
      const said = hasCounted(desk, { id, act, person }) ? SAID[act] : 'It was too late for that.';
      return { kind: 'done', said: `${said} ${renderStanding(desk, id)}` };
    },
  } satisfies Step);
}

/** As the log has it: while something is put on record, the request may move on. */
function hasCounted(
  { history }: Desk,
  { id, act, person }: { readonly id: RequestId; readonly act: Act; readonly person: PersonName },
): boolean {
  const past = history.find(id);
  switch (act) {
    case 'prove':
      return past?.factor === 'webauthn';
    case 'approve':
      return past?.signOffs.some(({ actor }) => actor.person === person) ?? false;
    case 'deny':
      return past?.closed?.how === 'denied';
  }
}

export const NO_PASSKEY =
  'You have no passkey here yet. In our direct room, type: enrol passkey. Then open this link again.';

const SAID = {
  prove: '✓ You proved that it was you.',
  approve: '✓ You signed it off.',
  deny: '✓ You denied it.',
} as const satisfies Record<Act, string>;

/** The request of the link, if its person can still do something about it; else why not. */
export function findOpen(desk: Desk, link: Link): Result<Alive, string> {
  const alive = link.request && desk.requests.find(link.request);
  if (!alive) return err('That request is not open any more.');
  if (link.errand === 'stepup')
    return alive.state.kind === 'waiting' ? ok(alive) : err('It waits for no proof any more.');
  const why = obstacle(desk, { person: link.person, pinned: isPinned(desk, link.person) }, alive);
  return why === undefined ? ok(alive) : err(why);
}

/** The policy pins an identity of theirs; whom it does not know that well, signs off nothing. */
const isPinned = (desk: Desk, person: PersonName): boolean =>
  desk
    .policy()
    .people.get(person)
    ?.accounts.some(({ identity }) => identity !== undefined) ?? false;

interface Signed {
  readonly person: PersonName;
  readonly request: Request;
  readonly evidence: Evidence;
  readonly remark: string;
}

/** No account and no device had a part in it: the passkey alone says who it was. */
const actorOf = (desk: Desk, person: PersonName): Actor => ({
  person,
  account: '',
  device: '',
  identity: '',
  pinned: isPinned(desk, person),
});

const carryOut = {
  async prove({ ledger, requests }, { person, request, evidence }) {
    const { id, digest } = request;
    const proof = { person, factor: 'webauthn', evidence } as const;
    await ledger.append({ type: 'stepup', request: id, digest, ...proof });
    await requests.happen(id, { kind: 'proven', factor: 'webauthn' });
  },
  async approve(desk, { person, request, evidence }) {
    const signOff = { actor: actorOf(desk, person), factor: 'webauthn', evidence } as const;
    await desk.requests.happen(request.id, { kind: 'signed_off', signOff });
  },
  async deny(desk, { person, request, evidence, remark }) {
    const { id, digest } = request;
    await desk.ledger.append({ type: 'denial', request: id, digest, person, evidence });
    const reason = remark.slice(0, MAX_REASON_CHARS).toWellFormed();
    await desk.requests.happen(id, { kind: 'denied', actor: actorOf(desk, person), reason });
  },
} as const satisfies Record<Act, (desk: Desk, signed: Signed) => Promise<void>>;

/** How far a request has come, or what became of it. */
export function renderStanding(desk: Desk, id: RequestId): string {
  const alive = desk.requests.find(id);
  const past = desk.history.find(id);
  const isOver = past?.end ?? past?.closed;
  if (past && (isOver || !alive)) return renderFate(past);
  if (!alive) return 'It is not known any more.';
  const requester = alive.request.frozen.actor.person;
  const progress = renderProgress(alive.state, requester);
  if (progress !== undefined || alive.state.kind !== 'waiting') return progress ?? '';
  const needs = alive.state.missing.map((m) => describeMissing(m, requester)).join(' · ');
  return `It still needs ${needs}.`;
}
