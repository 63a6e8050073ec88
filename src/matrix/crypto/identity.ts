/**
 * Identities: the making of our own, its private keys going out for safe keeping and coming back on
 * another device; and whether somebody else goes by the one that the policy pins.
 */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import { Fault } from '../../base/errors.ts';
import type { UserId } from '../../base/ids.ts';
import type { Calls } from './calls.ts';
import type { KeyExchange } from './exchange.ts';
import { liveIdentity, masterKeyOf } from './provenance.ts';
import type { Outgoing } from './requests.ts';
import { toUserIds } from './user-ids.ts';

/** The seeds of the three cross-signing keys, 32 bytes each, unpadded base64. Secret. */
export interface PrivateIdentity {
  readonly master: string;
  readonly selfSigning: string;
  readonly userSigning: string;
}

interface Parts {
  readonly machine: wasm.OlmMachine;
  readonly calls: Calls;
  readonly exchange: KeyExchange;
  readonly user: UserId;
}

/**
 * May this account be told something? Not when it goes by another identity than the pinned one, nor
 * when the one that we verified was replaced. The crate keeps that suspicion until it is lifted, and
 * lets nothing in or out till then: a pin of the very identity that is there now lifts it.
 */
export async function isAsPinned(
  machine: wasm.OlmMachine,
  user: UserId,
  pin: string | undefined,
): Promise<boolean> {
  const [userId] = toUserIds([user]);
  if (!userId) return false;
  using id = userId;
  using identity = await machine.getIdentity(id);
  const live = identity && masterKeyOf(identity.masterKey);
  if (pin !== undefined && live !== pin) return false;
  if (!identity?.hasVerificationViolation()) return true;
  if (pin === undefined || !(identity instanceof wasm.OtherUserIdentity)) return false;
  await identity.withdrawVerification();
  return true;
}

/** The master key of which this device holds the private part; else undefined. */
export async function readOwnIdentity({ machine, calls, user }: Parts) {
  return calls.run(async () => {
    using status = await machine.crossSigningStatus();
    if (!status.hasMaster || !status.hasSelfSigning) return undefined;
    return (await liveIdentity(machine, user))?.masterKey;
  });
}

export async function makeIdentity(
  { machine, calls, exchange, user }: Parts,
  upload: (body: string) => Promise<void>,
): Promise<void> {
  const refused = await exchange.flush();
  if (refused) throw refused;
  const requests = await calls.run(() => machine.bootstrapCrossSigning(true));
  const first = requests.uploadKeysRequest as Outgoing | undefined;
  if (first) await exchange.send(first);
  await upload(requests.uploadSigningKeysRequest.body);
  await exchange.send(requests.uploadSignaturesRequest);
  await exchange.query([user]);
}

export async function exportIdentity({ machine, calls }: Parts): Promise<PrivateIdentity> {
  return calls.run(async () => {
    using keys = await machine.exportCrossSigningKeys();
    const [master, selfSigning, userSigning] = [
      ...[keys?.masterKey, keys?.self_signing_key, keys?.userSigningKey],
    ];
    if (master === undefined || selfSigning === undefined || userSigning === undefined)
      throw new Fault('identity_unknown', 'this device does not hold the whole identity');
    return { master, selfSigning, userSigning };
  });
}

export async function restoreIdentity(
  { machine, calls, exchange, user }: Parts,
  { master, selfSigning, userSigning }: PrivateIdentity,
): Promise<void> {
  const refused = await exchange.flush();
  if (refused) throw refused;
  await exchange.query([user]); // the crate takes private keys only beside the public ones
  const signature = await calls.run(async () => {
    try {
      using _status = await machine.importCrossSigningKeys(master, selfSigning, userSigning);
      using device = await machine.getDevice(machine.userId, machine.deviceId);
      return await device?.verify();
    } catch (cause) {
      if (!(cause instanceof Error) || cause.name === 'RuntimeError') throw cause;
      throw new Fault('identity_unknown', 'the identity is not the one of the account', cause);
    }
  });
  if (signature) await exchange.send(signature);
  await exchange.query([user]);
}
