/**
 * Checks every passkey's signature in the log again, from the log alone: was it made by a passkey that
 * this person had at that time, over exactly the request that it stands for, once? What the log itself
 * was signed for is another question, and answered elsewhere; every entry here is attacker-chosen.
 */
import type { Evidence } from '../audit/body.ts';
import type { Entry } from '../audit/entry.ts';
import { canonicalJson, type Json, sha256Hex } from '../base/bytes.ts';
import { digestOfPasskey, makeChallenge, type Purpose } from './challenge.ts';
import { type Credential, formatAnswer, verifyAssertion } from './webauthn.ts';

export interface BadReceipt {
  /** The number of the entry. */
  readonly seq: number;
  /** As the end of a sentence. */
  readonly why: string;
}

export interface ReceiptReport {
  /** How many signatures there were. */
  readonly checked: number;
  readonly bad: readonly BadReceipt[];
}

export async function verifyReceipts(entries: AsyncIterable<Entry>): Promise<ReceiptReport> {
  const reader = new ReceiptReader();
  for await (const entry of entries) await reader.take(entry);
  return { checked: reader.checked, bad: reader.bad };
}

interface Known extends Credential {
  readonly rp: string;
}

interface Asked {
  readonly digest: string;
  readonly asker: string;
  isProven: boolean;
}

/** What an entry claims that a passkey has signed. */
interface Claim {
  readonly person: string;
  readonly purpose: Purpose;
  readonly digest: string;
  readonly evidence: Evidence | undefined;
}

class ReceiptReader {
  readonly bad: BadReceipt[] = [];
  checked = 0;
  readonly #passkeys = new Map<string, readonly Known[]>();
  readonly #requests = new Map<string, Asked>();
  /** Which entry a nonce was spent in. */
  readonly #spentIn = new Map<string, number>();

  async take(entry: Entry): Promise<void> {
    try {
      const why = await this.#examine(entry);
      if (why !== undefined) this.bad.push({ seq: entry.seq, why });
    } catch {
      // Only its head was looked at before; a field that is missing or of another kind ends here.
      this.bad.push({ seq: entry.seq, why: 'it is not made like an entry of its type' });
    }
  }

  /** What is wrong with it, if anything. */
  async #examine(entry: Entry): Promise<string | undefined> {
    switch (entry.type) {
      case 'request':
        return this.#noteRequest(entry);
      case 'factor.enrolled':
        return entry.factor === 'webauthn' ? this.#enrol(entry) : undefined;
      case 'factor.removed':
        this.#passkeys.delete(entry.person);
        return undefined;
      case 'stepup':
        return entry.factor === 'webauthn' ? this.#checkProof(entry) : undefined;
      case 'approval': {
        const { actor, evidence, factor } = entry;
        if (factor !== 'webauthn') return undefined;
        return this.#checkOther(entry, { person: actor.person, purpose: 'approval', evidence });
      }
      case 'denial':
        return this.#checkOther(entry, { ...entry, purpose: 'denial' });
      case 'granted':
        return entry.factor === 'webauthn' && !this.#requests.get(entry.request)?.isProven
          ? 'it says that a passkey was used, and no entry before it shows that'
          : undefined;
      default:
        return undefined;
    }
  }

  #noteRequest({ request, digest, frozen }: Entry & { type: 'request' }): string | undefined {
    // Computed again: what was signed is what stands there, or the signatures over it will not fit.
    const actual = sha256Hex(canonicalJson(frozen as unknown as Json));
    this.#requests.set(request, {
      digest: actual,
      asker: frozen.actor.person,
      isProven: false,
    });
    return actual === digest ? undefined : 'its digest is not that of what was asked for';
  }

  async #enrol(entry: Entry & { type: 'factor.enrolled' }): Promise<string | undefined> {
    const { person, by, credential: id, key, rp, evidence } = entry;
    if (id === undefined || key === undefined || rp === undefined)
      return 'the passkey is not in it';
    const digest = digestOfPasskey(person, { id, key });
    const why =
      by === 'webauthn'
        ? await this.#check(entry.seq, { person, purpose: 'enrolment', digest, evidence })
        : undefined;
    // One that nobody vouched for signs nothing that counts.
    if (why === undefined)
      this.#passkeys.set(person, [...(this.#passkeys.get(person) ?? []), { id, key, rp }]);
    return why;
  }

  async #checkProof(entry: Entry & { type: 'stepup' }): Promise<string | undefined> {
    const { seq, request, person, evidence } = entry;
    const asked = this.#find(entry);
    if (typeof asked === 'string') return asked;
    if (asked.asker !== person) return `${request} was not asked for by ${person}`;
    const { digest } = asked;
    const why = await this.#check(seq, { person, purpose: 'stepup', digest, evidence });
    if (why === undefined) asked.isProven = true;
    return why;
  }

  /** A yes or a no of somebody else than the requester. */
  async #checkOther(
    entry: Entry & { type: 'approval' | 'denial' },
    claim: Omit<Claim, 'digest'>,
  ): Promise<string | undefined> {
    const asked = this.#find(entry);
    if (typeof asked === 'string') return asked;
    if (asked.asker === claim.person) return `${claim.person} asked for it`;
    return this.#check(entry.seq, { ...claim, digest: asked.digest });
  }

  #find({ request, digest }: { request: string; digest: string }): Asked | string {
    const asked = this.#requests.get(request);
    if (!asked) return `no entry before it asks for ${request}`;
    return asked.digest === digest ? asked : `it is for another request than ${request}`;
  }

  async #check(
    seq: number,
    { person, purpose, digest, evidence }: Claim,
  ): Promise<string | undefined> {
    if (evidence?.kind !== 'webauthn') return 'the signature of the passkey is missing';
    this.checked++;
    const spentIn = this.#spentIn.get(evidence.nonce);
    if (spentIn !== undefined) return `it is the receipt of entry ${spentIn} once more`;
    this.#spentIn.set(evidence.nonce, seq);
    const passkey = this.#passkeys.get(person)?.find(({ id }) => id === evidence.credential);
    if (!passkey) return `${person} had no such passkey`;
    const origin = originOf(evidence.clientData, passkey.rp);
    if (origin === undefined) return `it was not made for ${passkey.rp}`;
    const challenge = makeChallenge(purpose, Buffer.from(evidence.nonce, 'base64url'), digest);
    const party = { id: passkey.rp, origin };
    const verified = await verifyAssertion(party, challenge, [passkey], formatAnswer(evidence));
    return verified.ok ? undefined : verified.error;
  }
}

/** The page that it was made on, if that page may use passkeys of this RP id (WebAuthn 7.2). */
function originOf(clientData: string, rp: string): string | undefined {
  const said: unknown = JSON.parse(Buffer.from(clientData, 'base64url').toString('utf8'));
  const isObject = typeof said === 'object' && said !== null && 'origin' in said;
  const url = isObject && typeof said.origin === 'string' ? URL.parse(said.origin) : null;
  const host = url?.hostname ?? '';
  return url && (host === rp || host.endsWith(`.${rp}`)) ? url.origin : undefined;
}
