/**
 * What this host has of the things that a sandbox is made of. Looked at once, when it is opened.
 */
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
  const filter = formatFilter(assembleFilter(requireArchitecture()));
  requireProgram('/bin/bash', 'Debian: apt install bash');
  requireProgram('/usr/bin/prlimit', 'Debian: apt install util-linux');
  return {
    bwrap: requireProgram('/usr/bin/bwrap', 'Debian, Ubuntu: apt install bubblewrap'),
    filter,
    folders: SYSTEM_FOLDERS.filter((path) => existsSync(path)).map(describeFolder),
    files: SYSTEM_FILES.filter((path) => existsSync(path)),
  };
}

/** Throws Fault `sandbox_unavailable` on a processor that the filter does not know. */
export function requireArchitecture(): Architecture {
  const { arch } = process;
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw missing(`a seccomp filter for ${arch}`, 'there is one for x64 and arm64');
}

/**
 * /lib64 may lead to usr/lib64 or, by a link of its own, elsewhere: only links into /usr stay
 * links.
 */
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
