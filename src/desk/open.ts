/** Puts the desk together: everything between what is heard and what the world is asked to do. */

import type { Frozen } from '../audit/body.ts';
import type { History } from '../audit/history.ts';
import type { Standing } from '../audit/standing.ts';
import type { PersonName } from '../base/ids.ts';
import { line } from '../output/block.ts';
import type { Policy } from '../policy/model.ts';
import { helpersOf } from '../policy/roles.ts';
import type {
  Chat,
  Clock,
  HeldFiles,
  Ledger,
  Log,
  Sandbox,
  Screen,
  Space,
  State,
} from '../ports.ts';
import type { State as Life } from '../request/life.ts';
import type { Request } from '../request/request.ts';
import { openCards } from './cards.ts';
import { openCodes } from './codes.ts';
import type { Desk } from './desk.ts';
import { openDirect } from './direct.ts';
import { openEnrolment } from './enrolment.ts';
import { openGrounds } from './grounds.ts';
import { openNotices } from './notices.ts';
import { openPostures } from './postures.ts';
import { openRequests } from './requests.ts';
import { resumeRequests } from './resume.ts';

export interface DeskParts {
  readonly chat: Chat;
  readonly ledger: Ledger;
  readonly state: State;
  readonly sandbox: Sandbox;
  readonly openScreen: () => Screen;
  readonly history: History;
  readonly standing: Standing;
  readonly space: Space;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: () => Policy;
  readonly nonce: () => string;
  readonly seal: (secret: string, person: PersonName) => string;
  readonly unseal: (sealed: string, person: PersonName) => string;
  readonly holdFiles: (paths: readonly string[]) => Promise<HeldFiles>;
  readonly requesterChanges: (frozen: Frozen) => Promise<readonly string[]>;
  readonly linkFor: Desk['linkFor'];
  readonly issuer: string;
  readonly version: string;
  /** Told of every step that a request takes. */
  readonly onMoved?: (request: Request, life: Life) => void;
  readonly onFatal: (error: unknown) => void;
}

export interface OpenDesk {
  readonly desk: Desk;
  /** Takes up what an earlier life of the daemon left. */
  resume(): Promise<void>;
}

export function openDesk(parts: DeskParts): OpenDesk {
  const { chat, ledger, state, clock, log, policy, standing, history, nonce } = parts;
  const direct = openDirect({ chat, ledger, standing, policy, log });
  const postures = openPostures({ chat, ledger, policy, log, nonce });
  const grounds = openGrounds({ ...parts, postures });
  const codes = openCodes({
    ...{ ledger, standing, state, clock, log, unseal: parts.unseal },
    onLocked: (person) => tellHelpers({ direct, policy, clock }, person),
  });
  const enrolment = openEnrolment({ ledger, standing, state, clock, seal: parts.seal });
  const onFailure = (error: unknown) => log.warn({ error }, 'a card was not updated');
  const cards = openCards({ chat, state, clock, onFailure });
  const notify = openNotices({ direct, policy, grounds, linkFor: parts.linkFor });
  const requests = openRequests({
    ...{ ledger, state, cards, clock, log, onFatal: parts.onFatal },
    ...{ sandbox: parts.sandbox, openScreen: parts.openScreen },
    ...{ worldOf: grounds.worldOf, actionOf: grounds.actionOf, changesOf: grounds.changesOf },
    ...{ heldFor: grounds.heldFor, release: grounds.release },
    onMoved(...moved) {
      notify(...moved);
      parts.onMoved?.(...moved);
    },
  });
  const desk: Desk = {
    ...{ chat, ledger, history, standing, requests, grounds, postures, codes, enrolment, direct },
    ...{
      space: parts.space,
      clock,
      log,
      policy,
      version: parts.version,
      issuer: parts.issuer,
      linkFor: parts.linkFor,
    },
  };
  return { desk, resume: () => resumeRequests({ desk, cards, state }) };
}

/** Those who could agree to a recovery, or else everybody, are told that somebody may need one. */
function tellHelpers(
  { direct, policy, clock }: Pick<Desk, 'direct' | 'policy' | 'clock'>,
  person: PersonName,
): void {
  const { recovery } = policy();
  const mend = recovery
    ? `If they may enrol anew: recover ${person}`
    : `If they may enrol anew, whoever runs the host lets them in again: vaktrom enrol totp ${person}`;
  for (const helper of helpersOf(policy(), person, recovery?.roles ?? []))
    direct.tell(helper, `locked/${person}/${clock.now()}`, [
      line(
        `${person} is locked out after too many wrong codes. Ask them in person whether it was them.`,
      ),
      line(mend),
    ]);
}
