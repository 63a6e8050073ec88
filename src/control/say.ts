/**
 * The verb `say`: what somebody types at the host's own terminal, through the same parser, the same
 * policy and into the same log as what is said in a room. The room is called `local`; what may be asked
 * for there is what the policy allows there.
 */
import { type EventId, type PersonName, parseRequestId } from '../base/ids.ts';
import { isBuiltIn } from '../command/catalogue.ts';
import type { Desk } from '../desk/desk.ts';
import { isOrder } from '../desk/orders/table.ts';
import type { Refuse } from '../desk/refusals.ts';
import type { Obey } from '../pipeline.ts';
import { LOCAL_PLACE, localAccount, SAID_NOTHING } from '../trust/local.ts';
import { EXIT } from './exit.ts';
import { followRequest } from './follow.ts';
import type { Peer } from './peer.ts';
import { proveToo } from './prove.ts';
import { openSpeaker } from './speak.ts';
import { newLocalEvent, type Terminals } from './terminals.ts';
import type { Verb } from './verbs.ts';

export interface SayParts {
  readonly desk: Desk;
  readonly obey: Obey;
  readonly refuse: Refuse;
  readonly terminals: Terminals;
}

export function openSay(parts: SayParts): Verb {
  const { desk, terminals } = parts;
  return async (peer, fields) => {
    const thread = newLocalEvent();
    const speaker = openSpeaker(parts, peer, thread);
    if (!speaker) return refuseStranger(parts, peer, thread);
    const text = fields['text'] ?? '';
    const answered = isLookUp(text) ? peer.print : peer.note;
    const followed = followRequest(peer, desk.grounds.actionOf, answered);
    using _conversation = terminals.open(thread, followed);
    // It goes on without us: whoever hangs up has asked all the same.
    const hungUp = new Promise<number>((resolve) => {
      if (peer.gone.aborted) resolve(EXIT.cutOff);
      peer.gone.addEventListener('abort', () => resolve(EXIT.cutOff));
    });
    const proving = proveToo({ desk, peer, followed, speaker });
    await speaker.say(text, thread);
    if (followed.current()) return await Promise.race([followed.over, hungUp]);
    const isComplete = await proving.signOff(text);
    return isComplete && (await wasDone(desk, text, speaker.person, thread)) ? 0 : EXIT.refused;
  };
}

/** Where the answer is all that was asked for. */
function isLookUp(text: string): boolean {
  const [name = ''] = text.split(' ');
  return isBuiltIn(name) && !isOrder(name);
}

/** On record like a command from an account that the policy does not name. */
async function refuseStranger({ refuse }: SayParts, peer: Peer, event: EventId): Promise<number> {
  const sender = localAccount(peer.user ?? `uid-${peer.uid}`);
  await refuse(
    {
      ...{ room: LOCAL_PLACE, event, thread: event, sender, when: 'live' },
      seen: { kind: 'clear', message: SAID_NOTHING },
    },
    { kind: 'refused', code: 'unknown_account', person: undefined },
  );
  peer.note(`The policy does not name ${peer.user ?? 'you'} as a user of this host (local_users).`);
  return EXIT.refused;
}

/** Did the order do what it says? For scripts; the words say why not. */
async function wasDone(
  desk: Desk,
  text: string,
  person: PersonName,
  event: EventId,
): Promise<boolean> {
  if (desk.history.fateOf(event) !== 'asked') return false;
  const [order = '', typed = ''] = text.replaceAll('"', '').split(' ');
  const id = parseRequestId(typed);
  // What is to be started is looked at first, and that may take its time.
  if (order === 'start' && id.ok) await desk.requests.checked(id.value);
  const past = id.ok ? desk.history.find(id.value) : undefined;
  const life = id.ok ? desk.requests.find(id.value)?.state : undefined;
  const isStopping = life?.kind === 'running' && life.stopping;
  switch (order) {
    case 'approve':
      return past?.signOffs.some((s) => s.actor.person === person) ?? false;
    case 'deny':
      return past?.closed?.how === 'denied' && past.closed.by === person;
    case 'start':
      return past?.started ?? false;
    case 'cancel':
      return past?.closed?.how === 'withdrawn' || past?.end?.outcome === 'cancelled' || isStopping;
    case 'allow':
      return false; // there would be a request
    default:
      return true;
  }
}
