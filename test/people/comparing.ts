/** A person who verifies somebody, or is verified: emoji on their side, and what they make of them. */
import { CryptoEvent } from 'matrix-js-sdk/lib/crypto-api/CryptoEvent.js';
import type {
  ShowSasCallbacks,
  VerificationRequest,
  Verifier,
} from 'matrix-js-sdk/lib/crypto-api/verification.js';
import {
  VerificationPhase,
  VerificationRequestEvent,
  VerifierEvent,
} from 'matrix-js-sdk/lib/crypto-api/verification.js';
import { PATIENCE_MS } from '../support/patience.ts';
import { eventually } from './eventually.ts';
import type { Person } from './person.ts';

export interface Comparing {
  /** As the person reads them aloud. */
  readonly emoji: string;
  readonly decimals: string;
  confirm(): Promise<void>;
  mismatch(): void;
  /** Resolves when the person's client says it is done; rejects when it is cancelled. */
  readonly done: Promise<void>;
}

const SAS = 'm.sas.v1';

/** The person begins; `where` is the room, or the device. */
export async function beginVerification(
  { session }: Person,
  other: string,
  where: { readonly room: string } | { readonly device: string },
): Promise<VerificationRequest> {
  const crypto = session.client.getCrypto();
  if (!crypto) throw new Error('no crypto');
  if ('room' in where) return crypto.requestVerificationDM(other, where.room);
  return crypto.requestDeviceVerification(other, where.device);
}

/** A request by somebody whose own client would not let them ask. */
export async function forceVerification(
  { session }: Person,
  to: { readonly user: string; readonly device: string },
): Promise<void> {
  const { client, deviceId } = session;
  const transaction_id = client.makeTxnId();
  const content = { from_device: deviceId, methods: [SAS], timestamp: Date.now(), transaction_id };
  const messages = new Map([[to.user, new Map([[to.device, content]])]]);
  await client.sendToDevice('m.key.verification.request', messages);
}

/** What the person is asked from now on. */
export function awaitVerification({ session }: Person): Promise<VerificationRequest> {
  return new Promise((resolve) =>
    session.client.once(CryptoEvent.VerificationRequestReceived, resolve),
  );
}

/** The one who asked starts; the other one accepts. */
export async function reachEmoji(request: VerificationRequest): Promise<Comparing> {
  if (!request.initiatedByMe) await request.accept();
  const verifier = request.initiatedByMe ? await start(request) : await started(request);
  const shown = new Promise<ShowSasCallbacks>((resolve) => {
    const now = verifier.getShowSasCallbacks();
    if (now) resolve(now);
    verifier.once(VerifierEvent.ShowSas, resolve);
  });
  const done = within('the end of a verification', verifier.verify());
  done.catch(() => {}); // whoever awaits it is told
  const callbacks = await Promise.race([
    within('the emoji', shown),
    done.then(() => Promise.reject(new Error('early'))),
  ]);
  const { emoji = [], decimal = [] } = callbacks.sas;
  return {
    emoji: emoji.map(([symbol, name]) => `${symbol} ${name}`).join(', '),
    decimals: decimal.join(' '),
    confirm: () => callbacks.confirm(),
    mismatch: () => callbacks.mismatch(),
    done,
  };
}

/** What hangs is named. */
async function within<T>(what: string, awaited: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} did not come`)), PATIENCE_MS);
  try {
    return await Promise.race([awaited, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function start(request: VerificationRequest): Promise<Verifier> {
  await phase(request, VerificationPhase.Ready);
  return request.startVerification(SAS);
}

const started = (request: VerificationRequest): Promise<Verifier> =>
  eventually(() => request.verifier);

/** Resolves once the request is there; rejects when it is cancelled instead. */
export function phase(request: VerificationRequest, wanted: VerificationPhase): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (request.phase === wanted) resolve();
      else if (request.phase === VerificationPhase.Cancelled)
        reject(new Error(`cancelled: ${request.cancellationCode}`));
    };
    request.on(VerificationRequestEvent.Change, look);
    look();
  });
}
