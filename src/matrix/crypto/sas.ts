/**
 * One look at a verification in the crate: how far it is, what there is to compare, and what has to be
 * said to the other side next. To be called inside of `calls`.
 */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import type { Outgoing } from './requests.ts';

/** What two people compare. */
export interface ShortString {
  readonly emoji: readonly { readonly symbol: string; readonly name: string }[];
  /** Three numbers of four digits, for those who cannot see emoji. */
  readonly decimals: readonly number[];
}

export interface Look {
  readonly state: 'open' | 'done' | 'cancelled';
  readonly shown?: ShortString;
  /** Of a cancelled one; the other side's words in part, so attacker-chosen. */
  readonly why: string;
  readonly outgoing: readonly ToSend[];
}

export type ToSend = Outgoing | wasm.RoomMessageRequest;

/** QR codes need a camera; a daemon has none. */
export const SAS_ONLY = (): wasm.VerificationMethod[] => [wasm.VerificationMethod.SasV1];

export async function lookAt(request: wasm.VerificationRequest): Promise<Look> {
  const open = (...outgoing: (ToSend | undefined)[]): Look => ({
    ...{ state: 'open', why: '', outgoing: outgoing.filter((one) => one !== undefined) },
  });
  switch (request.phase()) {
    case wasm.VerificationRequestPhase.Requested:
      return request.weStarted() ? open() : open(request.acceptWithMethods(SAS_ONLY()));
    case wasm.VerificationRequestPhase.Ready: {
      // Who has asked begins: a start of either side's at once would have to be settled between them.
      const begun = request.weStarted() ? await request.startSas() : undefined;
      return open(begun?.[1]);
    }
    case wasm.VerificationRequestPhase.Transitioned:
      return lookAtSas(request);
    case wasm.VerificationRequestPhase.Done:
      return { state: 'done', why: '', outgoing: [] };
    case wasm.VerificationRequestPhase.Cancelled:
      return { state: 'cancelled', why: request.cancelInfo?.reason() ?? '', outgoing: [] };
    default:
      return open();
  }
}

function lookAtSas(request: wasm.VerificationRequest): Look {
  using sas = request.getVerification();
  if (!(sas instanceof wasm.Sas)) return { state: 'open', why: '', outgoing: [] };
  const accepted = sas.accept(); // says so only where they have started, and once
  const shown = sas.canBePresented() ? readShortString(sas) : undefined;
  const outgoing = accepted ? [accepted] : [];
  return { state: 'open', why: '', outgoing, ...(shown ? { shown } : {}) };
}

function readShortString(sas: wasm.Sas): ShortString {
  const emoji = (sas.emoji() ?? []).map(({ symbol, description }) => ({
    ...{ symbol, name: description },
  }));
  return { emoji, decimals: [...(sas.decimals() ?? [])] };
}

/** We have compared, and it is the same. */
export async function confirmSas(request: wasm.VerificationRequest): Promise<readonly ToSend[]> {
  using sas = request.getVerification();
  return sas instanceof wasm.Sas ? ((await sas.confirm()) as ToSend[]) : [];
}

export function cancelSas(request: wasm.VerificationRequest, code: string): readonly ToSend[] {
  using sas = request.getVerification();
  const said = sas instanceof wasm.Sas ? sas.cancelWithCode(code) : request.cancel();
  return said ? [said] : [];
}
