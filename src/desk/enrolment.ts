/**
 * Enrolling factors. The first one needs the host (whoever can run `vaktrom enrol` there) or a ticket
 * that peers have agreed to; a stolen chat session has neither. Codes always need one of these; a later
 * passkey may be vouched for by a code or an earlier one.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { EntryBody, Evidence } from '../audit/body.ts';
import type { Standing } from '../audit/standing.ts';
import { crockford, sha256Hex } from '../base/bytes.ts';
import type { PersonName } from '../base/ids.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Clock, Ledger, State } from '../ports.ts';
import { formatTotpUri, makeTotpSecret, verifyTotp } from '../stepup/totp.ts';

const TICKET_MS = 24 * 3_600_000;
const PENDING_MS = 10 * 60_000;

export interface TotpOffer {
  readonly secret: string;
  /** For the QR code. */
  readonly uri: string;
}

export type Warrant = 'host' | 'ticket' | 'totp' | 'webauthn';

export interface NewPasskey {
  readonly id: string;
  /** COSE public key, base64url. */
  readonly key: string;
  readonly rp: string;
  /** How an earlier passkey of the same person vouched for it. */
  readonly evidence?: Evidence;
}

export interface Enrolment {
  /** A ticket for one enrolment, to be handed over in person; on record before it is returned. */
  issueTicket(person: PersonName, by: readonly string[]): Promise<string>;
  /** Spends a ticket, on record before it counts; false when it is none of this person, or not any more. */
  spendTicket(person: PersonName, ticket: string): Promise<boolean>;
  /** A new secret, which counts for nothing until it is confirmed; `onConfirmed` is told when it is. */
  offerTotp(
    person: PersonName,
    issuer: string,
    warrant: Warrant,
    onConfirmed?: () => void,
  ): TotpOffer;
  /** Takes the offered secret, proven by a code of it. */
  confirmTotp(person: PersonName, code: string): Promise<Result<null, string>>;
  enrolPasskey(person: PersonName, passkey: NewPasskey, warrant: Warrant): Promise<void>;
}

export interface EnrolmentParts {
  readonly ledger: Ledger;
  readonly standing: Standing;
  readonly state: State;
  readonly clock: Clock;
  readonly seal: (secret: string, person: PersonName) => string;
}

interface Pending {
  readonly secret: string;
  readonly warrant: Warrant;
  readonly untilAt: number;
  /** Of their factors, until then. */
  readonly removals: number;
  readonly onConfirmed: () => void;
}

export function openEnrolment(parts: EnrolmentParts): Enrolment {
  const { ledger, standing, state, clock } = parts;
  const pending = new Map<PersonName, Pending>();
  // Those on their way to the record: typed twice at once, a ticket counts once.
  const spending = new Set<string>();

  return {
    async issueTicket(person, by) {
      const ticket = crockford(randomBytes(15), 24);
      const expiresAt = clock.now() + TICKET_MS;
      const entry: EntryBody = {
        type: 'ticket.issued',
        person,
        ticket: sha256Hex(ticket),
        by,
        expiresAt,
      };
      await ledger.append(entry);
      return ticket;
    },
    async spendTicket(person, typed) {
      const hash = sha256Hex(typed.toUpperCase().replaceAll('-', '').trim());
      const known = standing.ticketOf(person, clock.now());
      if (known === undefined || spending.has(hash) || !sameHex(known, hash)) return false;
      spending.add(hash);
      await ledger.append({ type: 'ticket.spent', person });
      return true;
    },
    offerTotp(person, issuer, warrant, onConfirmed = () => {}) {
      const secret = makeTotpSecret();
      const removals = standing.removalsOf(person);
      const untilAt = clock.now() + PENDING_MS;
      pending.set(person, { secret, warrant, removals, untilAt, onConfirmed });
      return { secret, uri: formatTotpUri(secret, issuer, person) };
    },
    async confirmTotp(person, code) {
      const offered = pending.get(person);
      const isOver = !offered || offered.untilAt < clock.now();
      if (isOver || offered.removals !== standing.removalsOf(person))
        return err('Nothing is being set up, or it took too long: begin again.');
      const step = verifyTotp(offered.secret, code, { now: clock.now(), afterStep: -1 });
      if (step === undefined)
        return err(
          'That is not the code that your app shows for it. Look again; the clocks may differ.',
        );
      pending.delete(person);
      await state.keepSealedSecret(person, parts.seal(offered.secret, person));
      await ledger.append(
        { type: 'factor.enrolled', person, factor: 'totp', by: offered.warrant },
        // The code that confirmed it is spent; it must not count for a request as well.
        { type: 'code.burnt', person, step, why: 'enrolment' },
        // Whoever has the host has looked into it.
        ...(offered.warrant === 'host' && standing.isLocked(person)
          ? [{ type: 'unlocked', person, by: ['host'] } as const]
          : []),
      );
      offered.onConfirmed();
      return ok(null);
    },
    async enrolPasskey(person, { id, ...rest }, by) {
      const enrolled = { person, factor: 'webauthn', by, credential: id, ...rest } as const;
      await ledger.append({ type: 'factor.enrolled', ...enrolled });
    },
  };
}

const sameHex = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
