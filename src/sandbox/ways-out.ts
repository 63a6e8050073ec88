/**
 * Sockets and pipes in the folders that actions see. They lead out of a sandbox that has no network: a
 * program of the host listens there. Paths that are one themselves are refused (paths.ts). In a folder, one
 * can come and go at any time, so it is looked for when somebody asks what a policy allows.
 */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Search {
  /** Paths. */
  readonly found: readonly string[];
  /** Something could not be looked at, or there was too much of it. */
  readonly isPartial: boolean;
}

/** So many entries of folders are looked at, of all paths together: some tenths of a second. */
const MAX_ENTRIES = 50_000;
/** So many in one path are told. */
const MAX_FOUND = 3;

interface Kind {
  isSocket(): boolean;
  isFIFO(): boolean;
  isDirectory(): boolean;
}

/** Links are not followed: what they lead to is not shown with them. A path that is not there has none. */
export async function findWaysOut(
  paths: Iterable<string>,
  maxEntries = MAX_ENTRIES,
): Promise<ReadonlyMap<string, Search>> {
  const searches = new Map<string, Search>();
  let left = maxEntries;
  for (const path of new Set(paths)) {
    const found: string[] = [];
    const folders: string[] = [];
    let isPartial = false;
    const take = (at: string, kind: Kind): void => {
      if (kind.isDirectory()) folders.push(at);
      else if (kind.isSocket() || kind.isFIFO()) found.push(at);
    };
    const top = await lstat(path).catch(() => undefined);
    if (top) take(path, top);
    for (const folder of folders) {
      if (found.length >= MAX_FOUND) break;
      try {
        for await (const entry of await opendir(folder)) {
          if (left-- <= 0) break;
          take(join(folder, entry.name), entry);
        }
      } catch {
        isPartial = true; // not for us to read, or gone meanwhile
      }
      if (left < 0) break;
    }
    searches.set(path, { found: found.slice(0, MAX_FOUND), isPartial: isPartial || left < 0 });
  }
  return searches;
}
