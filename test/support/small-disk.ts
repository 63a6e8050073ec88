/**
 * A disk of a few megabytes, for a script that fills it up: a tmpfs that bubblewrap mounts, so that it
 * needs no root and is gone with the script.
 */
import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Runs a script of the tests; its last argument is a folder on the small disk. What it prints, as JSON. */
export async function onSmallDisk(script: string, bytes: number, folder: string): Promise<unknown> {
  const mount = [
    '--die-with-parent',
    '--dev-bind',
    '/',
    '/',
    '--size',
    `${bytes}`,
    '--tmpfs',
    folder,
  ];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', script, folder];
  const { stdout } = await promisify(execFile)('bwrap', [...mount, ...node], {
    env: { PATH: process.env['PATH'] ?? '' }, // whatever tap has set is for its own processes
  });
  return JSON.parse(stdout);
}

/** Writes into the folder until nothing more fits, to the last byte. */
export function fill(folder: string): void {
  const file = openSync(join(folder, 'filling'), 'a');
  try {
    for (const size of [1 << 20, 4096, 1]) writeUntilFull(file, Buffer.alloc(size, 1));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, bytes: Uint8Array): void {
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
