/**
 * Accounts, their devices and the access tokens. Everything that belongs to a device (keys, to-device
 * inbox, transaction ids) hangs on it, so that signing out forgets all of it at once.
 *
 * Fields are open to in-process code on purpose: a test sets them to what a lying server would say.
 */
import type { Json } from '../../base/bytes.ts';
import type { JsonObject } from './json.ts';
import { matrixError } from './matrix-error.ts';
import { opaque } from './opaque.ts';
import type { Stream } from './stream.ts';

export interface FallbackKey {
  readonly id: string;
  readonly key: Json;
  used: boolean;
}

export interface Device {
  readonly id: string;
  readonly account: Account;
  displayName: string | undefined;
  /** `device_keys` as uploaded. */
  keys: JsonObject | undefined;
  /** Signatures that the account's other keys made on `keys`, by key id. */
  signatures: JsonObject;
  /** By `algorithm:id`, in the order of upload. */
  readonly oneTimeKeys: Map<string, Json>;
  /** By algorithm. */
  readonly fallbackKeys: Map<string, FallbackKey>;
  readonly inbox: { readonly position: number; readonly message: JsonObject }[];
  /** What each request with a transaction id was answered, by path. */
  readonly transactions: Map<string, Json>;
}

export type CrossSigningName = 'master_key' | 'self_signing_key' | 'user_signing_key';

/** Signatures by one account on a master key; only the signer is ever shown them. */
export interface MasterSignatures {
  readonly position: number;
  readonly keyId: string;
  readonly signatures: JsonObject;
}

export interface AccountData {
  readonly position: number;
  /** Undefined: for the whole account. */
  readonly roomId: string | undefined;
  readonly type: string;
  readonly content: JsonObject;
}

export interface Account {
  readonly userId: string;
  readonly password: string;
  readonly profile: { displayname?: string; avatar_url?: string };
  readonly devices: Map<string, Device>;
  readonly crossSigning: Map<CrossSigningName, JsonObject>;
  /** By the user whose master key was signed. */
  readonly masterSignatures: Map<string, MasterSignatures>;
  accountData: readonly AccountData[];
  readonly filters: JsonObject[];
  /** Position of the last change to the devices or to the keys. */
  devicesChangedAt: number;
}

export interface DeviceWish {
  readonly deviceId?: string | undefined;
  /** Shown to people. */
  readonly name?: string | undefined;
}

export interface Session {
  readonly device: Device;
  readonly token: string;
}

export class Accounts {
  readonly #serverName: string;
  readonly #stream: Stream;
  readonly #accounts = new Map<string, Account>();
  readonly #tokens = new Map<string, Device>();

  constructor(serverName: string, stream: Stream) {
    this.#serverName = serverName;
    this.#stream = stream;
  }

  /** Throws M_INVALID_USERNAME or M_USER_IN_USE. */
  register(name: string, password: string): Account {
    if (!/^[a-z0-9._=/-]{1,64}$/.test(name))
      throw matrixError(400, 'M_INVALID_USERNAME', `${JSON.stringify(name)} is not a user name`);
    const userId = `@${name}:${this.#serverName}`;
    if (this.#accounts.has(userId))
      throw matrixError(400, 'M_USER_IN_USE', 'User ID already taken.');
    const account = newAccount(userId, name, password);
    this.#accounts.set(userId, account);
    return account;
  }

  at(userId: string): Account | undefined {
    return this.#accounts.get(userId);
  }

  /** A new access token, for the device of that id if the account has it, else for a new one. */
  signIn(account: Account, wish: DeviceWish): Session {
    const id = wish.deviceId ?? opaque();
    const device = account.devices.get(id) ?? newDevice(account, id, wish.name);
    if (!account.devices.has(id)) {
      account.devices.set(id, device);
      this.devicesChanged(account);
    }
    const token = opaque();
    this.#tokens.set(token, device);
    return { device, token };
  }

  deviceOf(token: string): Device | undefined {
    return this.#tokens.get(token);
  }

  /** Forgets the device, all its tokens and everything that hangs on it. */
  signOut(device: Device): void {
    for (const [token, holder] of this.#tokens) if (holder === device) this.#tokens.delete(token);
    device.account.devices.delete(device.id);
    this.devicesChanged(device.account);
  }

  /** Everybody who shares a room with the account will be told to ask for its keys again. */
  devicesChanged(account: Account): void {
    account.devicesChangedAt = this.#stream.advance();
  }

  setAccountData(account: Account, data: Omit<AccountData, 'position'>): void {
    const others = account.accountData.filter(
      (old) => old.type !== data.type || old.roomId !== data.roomId,
    );
    account.accountData = [...others, { ...data, position: this.#stream.advance() }];
  }
}

const newAccount = (userId: string, name: string, password: string): Account => ({
  userId,
  password,
  profile: { displayname: name },
  devices: new Map(),
  crossSigning: new Map(),
  masterSignatures: new Map(),
  accountData: [],
  filters: [],
  devicesChangedAt: 0,
});

const newDevice = (account: Account, id: string, displayName: string | undefined): Device => ({
  id,
  account,
  displayName,
  keys: undefined,
  signatures: {},
  oneTimeKeys: new Map(),
  fallbackKeys: new Map(),
  inbox: [],
  transactions: new Map(),
});
