/**
 * `--unit`: gives a command the environment of the service. `doctor` runs itself with the user, the
 * hardening and the limits of the service. The other commands get its credentials.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../base/errors.ts';
import { DEFAULT_DIR, typedAgain } from './invocation.ts';
import type { Io } from './io.ts';
import { findUser, isRoot } from './owner.ts';
import { catchSignals } from './signals.ts';
import { parseService, type ServiceProperties } from './unit-file.ts';

/** As it is given on the command line; true where the name is left out. */
export type UnitOption = string | true | undefined;

export const UNIT_HELP =
  'as root: as the service, with its credentials (default: vaktrom.service); last on the line';

const RUN = ['--quiet', '--pipe', '--wait', '--collect'];
/** Exit codes from here on are systemd's (systemd.exec(5)), or say that it died of a signal. */
const FIRST_OF_SYSTEMD = 200;

/** Runs the same command line, without `--unit`, in the surroundings of the service; its exit code. */
export async function runInUnit(
  unit: string | true,
  args: readonly string[],
  io: Io,
): Promise<number> {
  const name = nameOf(unit);
  const { properties, unsaid, program, warning } = await readUnit(name);
  if (warning !== '') io.err(warning);
  if (program === undefined) throw new Fault('usage', `${name} starts no program`);
  for (const line of unsaid) io.err(`not tried as ${name} has it, for its specifier: ${line}`);
  const dir = process.env['VAKTROM_DIR'] ?? DEFAULT_DIR;
  // A service that runs at the same time has the same runtime directory: it has to stay.
  const all = [...properties, 'RuntimeDirectoryPreserve=yes'];
  const options = [
    ...all.map((property) => `--property=${property}`),
    `--setenv=VAKTROM_DIR=${dir}`,
  ];
  const command = [...RUN, ...options, '--', program, ...withoutUnit(unit, args)];
  const child = spawn('systemd-run', command, { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === null || code >= FIRST_OF_SYSTEMD)
    io.err(`as ${name} it did not get to its end (${code}): journalctl -e says more`);
  return code ?? 1;
}

/**
 * During `work`, secrets are read from the credentials of the service. Without a unit it just runs `work`;
 * if a secret is missing, the error says what to type instead.
 */
export async function withCredentialsOf<T>(
  unit: UnitOption,
  args: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  if (unit === undefined) return work().catch((error: unknown) => hint(error, args));
  const name = nameOf(unit);
  const { credentials, properties } = await readUnit(name);
  if (credentials.length === 0)
    throw new Fault('usage', `${name} is handed over no credentials: leave out --unit`);
  const folder = await mkdtemp('/run/vaktrom-credentials-'); // in memory, and mode 0700
  const before = process.env['CREDENTIALS_DIRECTORY'];
  try {
    const options = credentials.map((property) => `--property=${property}`);
    const copy = ['/bin/sh', '-c', 'cp "$CREDENTIALS_DIRECTORY"/* "$1"', 'sh', folder];
    await promisify(execFile)('systemd-run', [...RUN, ...options, '--', ...copy]).catch(
      (cause: unknown) => {
        throw new Fault('secret_missing', `the credentials of ${name} cannot be had`, cause);
      },
    );
    const user = properties.findLast((property) => property.startsWith('User='))?.slice(5);
    if (user) await shareWith(folder, (await findUser(user)).gid);
    process.env['CREDENTIALS_DIRECTORY'] = folder;
    using signals = catchSignals();
    return await signals.during(work());
  } finally {
    if (before === undefined) delete process.env['CREDENTIALS_DIRECTORY'];
    else process.env['CREDENTIALS_DIRECTORY'] = before;
    await rm(folder, { recursive: true });
  }
}

/** Commands work below the state folder with the ids of the daemon, which must not change the secrets. */
async function shareWith(folder: string, gid: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    await chown(path, 0, gid);
    await chmod(path, 0o640);
  }
  await chown(folder, 0, gid);
  await chmod(folder, 0o750);
}

function hint(error: unknown, args: readonly string[]): never {
  if (!(error instanceof Fault && error.code === 'secret_missing')) throw error;
  const again = typedAgain([...args, '--unit']);
  throw new Fault(
    'secret_missing',
    `${error.message}; if it is a credential of the service, type as root: ${again}`,
    error.cause,
  );
}

const nameOf = (unit: string | true): string =>
  unit === true ? 'vaktrom.service' : unit.includes('.') ? unit : `${unit}.service`;

async function readUnit(name: string): Promise<ServiceProperties & { readonly warning: string }> {
  if (!isRoot()) throw new Fault('usage', '--unit is for root');
  const shown = promisify(execFile)('systemctl', ['cat', '--no-pager', '--', name]);
  const { stdout, stderr } = await shown.catch((cause: unknown) => {
    throw new Fault('usage', `systemd has no ${name}`, cause);
  });
  // systemctl warns here if a file was changed after systemd had read it.
  return { ...parseService(stdout), warning: stderr.trim() };
}

function withoutUnit(unit: string | true, args: readonly string[]): readonly string[] {
  const at = args.indexOf('--unit');
  if (at < 0) return args.filter((arg) => !arg.startsWith('--unit='));
  return args.toSpliced(at, args[at + 1] === unit ? 2 : 1);
}
