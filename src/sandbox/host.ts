/** What this host has of the things that a sandbox is made of. Looked at once, when it is opened. */
import { accessSync, constants, existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { Fault } from '../base/errors.ts';
import { type Host, SYSTEM_FILES, SYSTEM_FOLDERS } from '../execution/bwrap.ts';
import { type Architecture, assembleFilter, formatFilter } from './seccomp.ts';

export interface Equipment extends Host {
  readonly bwrap: string;
  readonly filter: Uint8Array;
}

/** Throws Fault `sandbox_unavailable` with what to install, if something is missing. */
export function findEquipment(): Equipment {
  const { arch } = process;
  if (!isSupported(arch)) throw missing(`a seccomp filter for ${arch}`, 'x64 and arm64 have one');
  requireProgram('/bin/bash', 'Debian: apt install bash');
  requireProgram('/usr/bin/prlimit', 'Debian: apt install util-linux');
  return {
    bwrap: requireProgram('/usr/bin/bwrap', 'Debian, Ubuntu: apt install bubblewrap'),
    filter: formatFilter(assembleFilter(arch)),
    folders: SYSTEM_FOLDERS.filter((path) => existsSync(path)).map(describeFolder),
    files: SYSTEM_FILES.filter((path) => existsSync(path)),
  };
}

const isSupported = (arch: string): arch is Architecture => arch === 'x64' || arch === 'arm64';

/** /lib64 may lead to usr/lib64 or, by a link of its own, elsewhere: only links into /usr stay links. */
function describeFolder(path: string): Host['folders'][number] {
  const isLink = lstatSync(path).isSymbolicLink() && realpathSync(path).startsWith('/usr/');
  return isLink ? { path, link: readlinkSync(path) } : { path };
}

function requireProgram(path: string, mend: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw missing(path, mend);
  }
}

const missing = (what: string, mend: string) =>
  new Fault('sandbox_unavailable', `no action can run without ${what} (${mend})`);
