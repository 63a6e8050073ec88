/**
 * The verb `enrol`: somebody's first factor, set up by whoever has the host. One-time codes are shown
 * as a QR code and confirmed by one; for a passkey there is a ticket, which the page accepts once.
 */
import type { PersonName } from '../base/ids.ts';
import type { Desk } from '../desk/desk.ts';
import { drawQr } from '../output/qr.ts';
import type { Peer } from './peer.ts';
import type { Verb } from './verbs.ts';

const MAX_TRIES = 3;

export function openEnrol(desk: Pick<Desk, 'policy' | 'enrolment' | 'issuer' | 'linkFor'>): Verb {
  return async (peer, { factor, person: typed = '' }) => {
    const person = desk.policy().people.get(typed as PersonName)?.name;
    if (person === undefined) {
      peer.note('There is no such person in the policy.');
      return 1;
    }
    if (factor === 'totp') return enrolTotp(desk, peer, person);
    if (factor === 'passkey') return enrolPasskey(desk, peer, person);
    peer.note('That is no factor: totp or passkey.');
    return 2;
  };
}

async function enrolTotp(
  { enrolment, issuer }: Pick<Desk, 'enrolment' | 'issuer'>,
  peer: Peer,
  person: PersonName,
): Promise<number> {
  const { uri } = enrolment.offerTotp(person, issuer, 'host');
  peer.note(`${person} scans this with an authenticator app, on nobody else's screen:`);
  peer.print(drawQr(uri));
  peer.print(uri);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const code = await peer.ask('The code that the app shows: ');
    if (code === undefined) break;
    const confirmed = await enrolment.confirmTotp(person, code.trim());
    if (confirmed.ok) {
      peer.note(`✓ The one-time codes of ${person} are set up.`);
      return 0;
    }
    peer.note(confirmed.error);
  }
  peer.note('Nothing was set up.');
  return 1;
}

async function enrolPasskey(
  { enrolment, linkFor }: Pick<Desk, 'enrolment' | 'linkFor'>,
  peer: Peer,
  person: PersonName,
): Promise<number> {
  const link = linkFor(person, 'enrolment');
  const ticket = await enrolment.issueTicket(person, [`host uid-${peer.uid}`]);
  peer.note(`For ${person} and nobody else, handed over in person. Good once, for a day:`);
  peer.print(ticket);
  peer.note(
    link === undefined
      ? 'No page for passkeys is set up here: the ticket is good for one-time codes (!enrol in the direct room).'
      : `Where to use it, within a quarter of an hour: ${link}   Later: !enrol passkey, in the direct room.`,
  );
  return 0;
}
