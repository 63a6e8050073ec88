/**
 * Enrolling a passkey. Whoever holds the link must also show what a stolen chat session has not: a
 * one-time code, a ticket, or a passkey that is enrolled already and signs the new one's key.
 */
import { randomBytes } from 'node:crypto';
import type { PersonName } from '../../base/ids.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { line } from '../../output/block.ts';
import { digestOfEnrolment, digestOfPasskey, makeChallenge } from '../../stepup/challenge.ts';
import { readTotp } from '../../stepup/totp.ts';
import { type Credential, registrationOptions, verifyRegistration } from '../../stepup/webauthn.ts';
import type { Desk } from '../desk.ts';
import type { NewPasskey, Warrant } from '../enrolment.ts';
import { askForProof, type PasskeyParts, passkeysOf, type Step, type Taken } from './proof.ts';

/** What was shown beforehand; `undefined`: an earlier passkey is to vouch afterwards. */
type Shown = Extract<Warrant, 'totp' | 'ticket'> | undefined;

/**
 * `typed` is a code, a ticket or nothing, and attacker-chosen. The permission that it gives is that of
 * the one answer to this step, and not of the link: somebody else who holds the link has none of it.
 */
export async function beginEnrolling(
  parts: PasskeyParts,
  person: PersonName,
  typed: string,
): Promise<Result<Step, string>> {
  const { desk, party, handleOf } = parts;
  const user = { name: person, handle: handleOf(person) };
  const known = passkeysOf(desk, person);
  const removals = desk.standing.removalsOf(person);
  const shown = await weigh(desk, person, typed);
  if (!shown.ok) return shown;
  if (shown.value === undefined && known.length === 0)
    return err('Your first passkey needs a one-time code or a ticket.');
  const challenge = makeChallenge('enrolment', randomBytes(32), digestOfEnrolment(person));
  return ok({
    asked: {
      kind: 'create',
      options: await registrationOptions(party, user, challenge, known),
    },
    async take(answer) {
      const made = await verifyRegistration(party, challenge, answer);
      if (!made.ok) return { kind: 'refused', why: made.error };
      if (ownerOf(desk, made.value) !== undefined)
        return { kind: 'refused', why: 'that passkey is enrolled already' };
      if (shown.value === undefined) return askEarlier(parts, { person, removals }, made.value);
      const passkey = { ...made.value, rp: party.id };
      return enrol(desk, { person, removals }, { passkey, by: shown.value });
    },
  } satisfies Step);
}

/** What was typed is spent, whatever comes of it. */
async function weigh(
  { codes, enrolment }: Desk,
  person: PersonName,
  typed: string,
): Promise<Result<Shown, string>> {
  const word = typed.trim();
  if (word === '') return ok(undefined);
  const code = readTotp(word);
  if (code !== undefined) {
    const spent = await codes.spend(person, code, 'enrolling a passkey');
    return spent.ok ? ok('totp') : spent;
  }
  return (await enrolment.spendTicket(person, word))
    ? ok('ticket')
    : err('That is neither a one-time code nor a ticket of yours that is still good.');
}

/** One authenticator for two people would be one person with two votes. */
const ownerOf = (desk: Desk, { id }: Credential): PersonName | undefined =>
  [...desk.policy().people.keys()].find((person) =>
    passkeysOf(desk, person).some((known) => known.id === id),
  );

/** Whose enrolment it is, and how often their factors had been taken back when it began. */
interface Begun {
  readonly person: PersonName;
  readonly removals: number;
}

async function askEarlier(parts: PasskeyParts, begun: Begun, made: Credential): Promise<Taken> {
  const { person } = begun;
  const question = { person, purpose: 'enrolment', digest: digestOfPasskey(person, made) } as const;
  const proof = await askForProof(parts, question);
  const step: Step = {
    asked: proof.asked,
    async take(answer) {
      const proven = await proof.verify(answer);
      if (!proven.ok) return { kind: 'refused', why: proven.error };
      const passkey = { ...made, rp: parts.party.id, evidence: proven.value };
      return enrol(parts.desk, begun, { passkey, by: 'webauthn' });
    },
  };
  return { kind: 'next', step };
}

async function enrol(
  { enrolment, direct, standing }: Desk,
  { person, removals }: Begun,
  { passkey, by }: { readonly passkey: NewPasskey; readonly by: Warrant },
): Promise<Taken> {
  if (standing.removalsOf(person) !== removals)
    return { kind: 'refused', why: 'their factors were taken back meanwhile' };
  await enrolment.enrolPasskey(person, passkey, by);
  direct.tell(person, `passkey/${passkey.id.slice(0, 16)}`, [
    line('A passkey was enrolled for you. If it was not you, tell your peers at once: !recover'),
  ]);
  return { kind: 'done', said: '✓ Your passkey is enrolled. You can close this page.' };
}
