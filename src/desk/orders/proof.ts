/** Proving more than an account: one-time codes, and enrolling what they come from. */
import { sha256Hex } from '../../base/bytes.ts';
import type { PersonName } from '../../base/ids.ts';
import { type Block, code, line, pre, say } from '../../output/block.ts';
import { drawQr, qrPicture } from '../../output/qr.ts';
import { actorOf } from '../../request/entries.ts';
import { readTotp } from '../../stepup/totp.ts';
import type { Trusted } from '../../trust/judge.ts';
import type { Desk, Order } from '../desk.ts';
import type { Alive } from '../requests.ts';
import { findRequest } from './find.ts';
import { obstacle } from './sign-off.ts';

export const otp: Order = async (desk, by, values) => {
  const typed = values['code'] ?? '';
  // desk/leaked-codes.ts has burnt the code already if it was one.
  if (!by.isDirect) {
    desk.direct.tell(
      by.person,
      `${by.event}/otp`,
      say('Codes belong here, never into a shared room.'),
    );
    return say('Not here: a code counts in our direct room only. I have opened it.');
  }
  const found = findRequest(desk, by, values['id'] ?? '');
  // Spent on a request that is not there, too: a code that was typed is a code that may have been read.
  const spent = await desk.codes.spend(
    by.person,
    typed,
    found.ok ? found.value.request.id : 'no request',
  );
  if (!spent.ok) return say(spent.error);
  const still = findRequest(desk, by, values['id'] ?? ''); // much may have happened meanwhile
  if (!still.ok) return say(`${still.error} The code is spent.`);
  return useCode(desk, by, still.value, spent.value);
};

async function useCode(
  desk: Desk,
  by: Trusted,
  alive: Alive,
  step: number,
): Promise<readonly Block[]> {
  const { id, digest, frozen } = alive.request;
  const evidence = { kind: 'totp', step } as const;
  if (frozen.actor.person === by.person) {
    if (!needsProof(alive.state)) return say(`${id} does not wait for a code. The code is spent.`);
    const proof = { person: by.person, factor: 'totp', evidence } as const;
    await desk.ledger.append({ type: 'stepup', request: id, digest, ...proof });
    await desk.requests.happen(id, { kind: 'proven', factor: 'totp' });
    return say(`✓ ${by.person}: totp for ${id}.`);
  }
  const why = obstacle(desk, by, alive);
  if (why !== undefined) return say(`${why} The code is spent.`);
  const signOff = { actor: actorOf(by), factor: 'totp', evidence } as const;
  return (await desk.requests.happen(id, { kind: 'signed_off', signOff }))
    ? say(`✓ ${by.person} signed off ${id} with a one-time code.`)
    : say(`${id} went on meanwhile, and your sign-off changes nothing. The code is spent.`);
}

const needsProof = (state: Alive['state']): boolean =>
  state.kind === 'waiting' && state.missing.some(({ kind }) => kind === 'step_up');

const TICKET = /^[0-9A-HJKMNP-TV-Z-]{24,32}$/i;

export const enrol: Order = async (desk, by, values) => {
  if (!by.isDirect || !by.pinned) {
    desk.direct.tell(by.person, `${by.event}/enrol`, say('Here you can enrol: !enrol'));
    return say(
      by.pinned
        ? 'Not here: I have opened our direct room.'
        : 'Your identity has to be pinned first.',
    );
  }
  const typed = (values['code'] ?? '').trim();
  if (typed === 'passkey') return sendEnrolmentLink(desk, by);
  const digits = readTotp(typed);
  if (digits !== undefined) return confirm(desk, by.person, digits);
  if (TICKET.test(typed))
    return (await desk.enrolment.spendTicket(by.person, typed))
      ? offer(desk, by.person)
      : say('That ticket is not yours, was used, or is too old.');
  return say(
    'Enrolling needs a ticket: from whoever runs the host (vaktrom enrol totp), or from your peers (!recover). Then: !enrol <ticket>, or !enrol passkey for a passkey',
  );
};

/** What allows it is given on the page: a code, a ticket, or a passkey that is enrolled already. */
function sendEnrolmentLink(desk: Desk, by: Trusted): readonly Block[] {
  const link = desk.linkFor(by.person, 'enrolment');
  return say(
    link === undefined
      ? 'No page for passkeys is set up here.'
      : `Enrol a passkey within 15 minutes, with a one-time code or a ticket at hand: ${link}`,
  );
}

async function confirm(desk: Desk, person: PersonName, typed: string): Promise<readonly Block[]> {
  const confirmed = await desk.enrolment.confirmTotp(person, typed);
  return say(confirmed.ok ? '✓ Your one-time codes are set up.' : confirmed.error);
}

/** Whoever comes to read the room's history later must not find what makes codes. */
function offer(desk: Desk, person: PersonName): readonly Block[] {
  let takeBack = () => {};
  const { secret, uri } = desk.enrolment.offerTotp(person, desk.issuer, 'ticket', () => takeBack());
  const shown = [
    line('Scan this with your authenticator app:'),
    pre(drawQr(uri)),
    line('Or type the secret into the app: ', code(secret)),
  ];
  const file = { name: 'qr.gif', bytes: qrPicture(uri), type: 'image/gif' };
  takeBack = desk.direct.tellUntil(person, `enrol/${sha256Hex(secret)}`, shown, file);
  return say(
    'Then type !enrol and the code that your app shows. I blank the secret once it is set up.',
  );
}

export const direct: Order = async (desk, by, values) => {
  const which = values['new'] ?? '';
  const told = [by.person, `${by.event}/direct`, WELCOME] as const;
  if (which === '') {
    desk.direct.tell(...told);
    return say('I have invited you to our direct room. If you have lost it: !direct new');
  }
  if (which !== 'new') return say(`Type !direct, or !direct new for another room.`);
  // Who goes by the account without its identity must not take the room away from its person.
  if (!by.pinned) return say('Your identity has to be pinned first.');
  desk.direct.tellAnew(...told);
  return say('I invite you to a new direct room. Once it is there, nothing counts in the old one.');
};

const WELCOME = say('This is our direct room. No ! is needed here.');
