/**
 * Proofs at the terminal: where a request waits for a one-time code of whoever sits there, the code is
 * asked for, unseen. A passkey needs a browser: there, the link is shown.
 */
import { type PersonName, parseRequestId, type RequestId } from '../base/ids.ts';
import type { Desk } from '../desk/desk.ts';
import type { Factor } from '../policy/model.ts';
import { mayApprove } from '../policy/requirements.ts';
import type { State as Life } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import { readTotp } from '../stepup/totp.ts';
import type { Followed } from './follow.ts';
import type { Peer } from './peer.ts';
import type { Speaker } from './speak.ts';

const MAX_TRIES = 3;

type ProvingDesk = Pick<Desk, 'requests' | 'policy' | 'linkFor'>;

export interface ProveParts {
  readonly desk: ProvingDesk;
  readonly peer: Peer;
  readonly followed: Followed;
  readonly speaker: Speaker;
}

export interface Proving {
  /**
   * After an order to approve: asks for the code that the policy wants with it. Resolves with whether
   * nothing is wanting any more.
   */
  signOff(text: string): Promise<boolean>;
}

export function proveToo({ desk, peer, followed, speaker }: ProveParts): Proving {
  const { person } = speaker;
  let asking = false;

  const prove = async (
    id: RequestId,
    needed: () => Factor | undefined,
    errand: 'stepup' | 'approval',
  ): Promise<void> => {
    if (needed() === 'webauthn') {
      const link = desk.linkFor(person, errand, id);
      return peer.note(link === undefined ? NO_PAGE : `Prove yourself with your passkey: ${link}`);
    }
    for (let tries = 0; tries < MAX_TRIES && needed() === 'totp'; tries++) {
      const code = await peer.ask(`One-time code for ${id}: `, true);
      if (code === undefined) return peer.note(NOBODY_THERE);
      // Anything else could be more than a code.
      const digits = readTotp(code);
      if (digits === undefined) peer.note('A code is six digits.');
      else await speaker.say(`otp ${id} ${digits}`);
    }
  };

  followed.onStep = ({ id }, life) => {
    if (asking || ownMissing(life) === undefined) return;
    asking = true;
    const needed = () => ownMissing(followed.current()?.life ?? life);
    prove(id, needed, 'stepup').catch(followed.fail);
  };

  return {
    async signOff(text) {
      const [, typed = ''] = /^approve "?([^" ]+)"?$/.exec(text) ?? [];
      const id = parseRequestId(typed);
      if (!id.ok) return true;
      const needed = () => {
        const alive = desk.requests.find(id.value);
        return alive && missingOf(desk, person, alive.request, alive.state);
      };
      if (needed() !== undefined) await prove(id.value, needed, 'approval');
      return needed() === undefined;
    },
  };
}

const NO_PAGE = 'That needs a passkey, and no page for passkeys is set up here.';
const NOBODY_THERE =
  'A one-time code is needed: ask from a terminal, or give it in the direct room.';

const ownMissing = (life: Life): Factor | undefined =>
  life.kind === 'waiting' ? life.missing.find((m) => m.kind === 'step_up')?.factor : undefined;

/** The factor with which the sign-off of this person would fill a seat that is still empty. */
function missingOf(
  desk: ProvingDesk,
  person: PersonName,
  { frozen }: Request,
  life: Life,
): Factor | undefined {
  if (life.kind !== 'waiting') return undefined;
  const given = life.gathered.signOffs.find((s) => s.actor.person === person);
  if (!given || given.factor !== undefined) return undefined;
  const requester = frozen.actor.person as PersonName;
  return life.missing
    .flatMap((m) => (m.kind === 'approvals' ? [m.quorum] : []))
    .find((q) => q.stepUp && mayApprove(desk.policy(), requester, q, person))?.stepUp;
}
