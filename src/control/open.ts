/** Opens the daemon's door for users of its own host: which verbs there are, and who answers them. */
import type { Actor } from '../audit/body.ts';
import { Fatal } from '../base/errors.ts';
import type { Desk } from '../desk/desk.ts';
import type { Refuse } from '../desk/refusals.ts';
import type { Voice } from '../desk/voice.ts';
import type { Verifications } from '../matrix/crypto/verification.ts';
import { openObedience } from '../pipeline.ts';
import { LOCAL_PLACE, localAccount, SAID_NOTHING } from '../trust/local.ts';
import { openEnrol } from './enrol.ts';
import { openReload, type Reloaded } from './reload.ts';
import { openSay } from './say.ts';
import { openControl } from './server.ts';
import { newLocalEvent, type Terminals } from './terminals.ts';
import { userOf } from './users.ts';
import { forTheHost, onRecord, type Verbs } from './verbs.ts';
import { openVerify } from './verify.ts';

export interface HostDoorParts {
  readonly folder: string;
  readonly desk: Desk;
  readonly voice: Voice;
  readonly refuse: Refuse;
  readonly terminals: Terminals;
  readonly verifications: Verifications;
  readonly reloadPolicy: () => Promise<Reloaded>;
  readonly onFatal: (error: unknown) => void;
}

export async function openHostDoor(parts: HostDoorParts): Promise<AsyncDisposable> {
  const { folder, desk, voice, refuse, terminals } = parts;
  const obey = openObedience({ desk, voice });
  const verbs: Verbs = {
    say: openSay({ desk, obey, refuse, terminals }),
    enrol: forTheHost(onRecord(desk.space, openEnrol(desk))),
    verify: forTheHost(onRecord(desk.space, openVerify(parts.verifications))),
    reload: openReload(parts.reloadPolicy),
  };
  return openControl({
    ...{ folder, verbs, userOf, clock: desk.clock },
    onError(error) {
      if (error instanceof Fatal) return parts.onFatal(error);
      desk.log.error({ error }, 'a question at the control socket could not be answered');
    },
    onUnproven: (why) => refuseUnproven(refuse, desk, why),
  });
}

/** Somebody gave a proof that is none: on record as a message that is not of who it is said to be. */
async function refuseUnproven(refuse: Refuse, { log }: Desk, why: string): Promise<void> {
  log.warn({ why }, 'a proof at the control socket does not hold');
  const event = newLocalEvent();
  const sender = localAccount('?');
  const seen = { kind: 'clear', message: SAID_NOTHING } as const;
  await refuse(
    { room: LOCAL_PLACE, event, thread: event, sender, when: 'live', seen },
    { kind: 'refused', code: 'sender_mismatch', person: undefined },
  );
}

/** Is it still the requester's user? What the policy says of it cannot have changed under a request. */
export async function userChanges({ person, account, device }: Actor): Promise<readonly string[]> {
  const name = await userOf(Number(device.replace('uid-', '')));
  return name !== undefined && localAccount(name) === account
    ? []
    : [`the user of ${person} on this host is another one`];
}
