/**
 * The little that has to survive a restart and is not in the audit log: how far we have synced, which
 * requests still owe the room a final word, and the sealed secrets of one-time codes. Losing it costs
 * announcements and enrolments, and never lets anything pass.
 * The only importer of lowdb, behind an adapter that fsyncs and checks what it reads.
 */
import { readFile } from 'node:fs/promises';
import { type Adapter, Low } from 'lowdb';
import { Fatal } from '../base/errors.ts';
import { createFile, replaceFile } from './durable.ts';
import { diskFull, isDiskFull } from './reserve.ts';

interface Content {
  readonly version: 1;
  /** The homeserver's token of the last sync whose events are all dealt with. */
  sync: string | null;
  /** Requests whose last word has not reached the room, by request id, with the card's event id. */
  owed: Record<string, string | null>;
  /** By person: the secret of their one-time codes, sealed under secrets/factor-key. */
  secrets: Record<string, string>;
}

const EMPTY: Content = { version: 1, sync: null, owed: {}, secrets: {} };

export interface State {
  readonly syncToken: () => string | undefined;
  readonly owed: () => readonly (readonly [request: string, card: string | undefined])[];
  /**
   * Each resolves once it is durable. On a full disk it rejects with Fault `disk_full`, counts in memory
   * only, and is written with the next change that finds space.
   */
  saveSyncToken(token: string): Promise<void>;
  owe(request: string, card: string | undefined): Promise<void>;
  settle(request: string): Promise<void>;
  sealedSecret(person: string): string | undefined;
  keepSealedSecret(person: string, sealed: string | undefined): Promise<void>;
}

const MEND = `write a backup into it, or the following, after which one-time codes have to be enrolled anew: ${JSON.stringify(EMPTY)}`;

export const createState = (path: string): Promise<void> => createFile(path, JSON.stringify(EMPTY));

/** Throws Fatal `state_unreadable` when the file is missing or not ours. */
export async function openState(path: string): Promise<State> {
  const db = new Low<Content>(durableAdapter(path), EMPTY);
  await db.read();
  const save = coalesced(() => db.write());
  return {
    syncToken: () => db.data.sync ?? undefined,
    owed: () => Object.entries(db.data.owed).map(([id, card]) => [id, card ?? undefined] as const),
    saveSyncToken(token) {
      if (db.data.sync === token) return Promise.resolve();
      db.data.sync = token;
      return save();
    },
    owe(request, card) {
      db.data.owed[request] = card ?? null;
      return save();
    },
    settle(request) {
      delete db.data.owed[request];
      return save();
    },
    sealedSecret: (person) =>
      Object.hasOwn(db.data.secrets, person) ? db.data.secrets[person] : undefined,
    keepSealedSecret(person, sealed) {
      if (sealed === undefined) delete db.data.secrets[person];
      else db.data.secrets[person] = sealed;
      return save();
    },
  };
}

function durableAdapter(path: string): Adapter<Content> {
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch((cause: unknown) => {
        throw new Fatal(
          'state_unreadable',
          `cannot read ${path}: has vaktrom init run? If it is lost, ${MEND}`,
          cause,
        );
      });
      return parseContent(text, path);
    },
    write: (content) =>
      replaceFile(path, JSON.stringify(content)).catch((error: unknown) => {
        throw isDiskFull(error) ? diskFull(error) : error;
      }),
  };
}

function parseContent(text: string, path: string): Content {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Fatal('state_unreadable', `${path} is damaged: ${MEND}`, cause);
  }
  if (!isContent(value))
    throw new Fatal('state_unreadable', `${path} is not a state file: ${MEND}`);
  return { version: 1, sync: value.sync, owed: { ...value.owed }, secrets: { ...value.secrets } };
}

function isContent(value: unknown): value is Content {
  if (typeof value !== 'object' || value === null) return false;
  const { version, sync, owed, secrets } = value as Partial<Record<keyof Content, unknown>>;
  return (
    version === 1 &&
    (sync === null || typeof sync === 'string') &&
    isRecord(owed, (card) => card === null || typeof card === 'string') &&
    isRecord(secrets, (sealed) => typeof sealed === 'string')
  );
}

const isRecord = (value: unknown, fits: (item: unknown) => boolean): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(fits);

/** Runs `write` one at a time; calls that come before a run begins share it. */
function coalesced(write: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  return () => {
    if (!queued) {
      const mine = last
        .catch(() => {}) // the callers of that run are told
        .then(() => {
          queued = undefined;
          return write();
        });
      queued = mine;
      last = mine;
    }
    return queued;
  };
}
