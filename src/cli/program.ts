/** The command line, as data for commander. What each command does is in a file of its own. */
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { openDirectory } from '../config/directory.ts';
import { VERSION } from '../version.ts';
import {
  type AuditOptions,
  auditHead,
  auditShow,
  auditVerify,
  defaultAuditPaths,
} from './audit.ts';
import { deviceRotate, type RotateOptions } from './device.ts';
import { doctor } from './doctor.ts';
import { identityShow } from './identity.ts';
import { type HistoryOptions, identityHistory } from './identity-history.ts';
import { init } from './init.ts';
import { DEFAULT_DIR } from './invocation.ts';
import { type ExitCode, exitCodeOf, explainError, type Io } from './io.ts';
import { type LocalOptions, reload, sayToDaemon, tellDaemon } from './local.ts';
import { identityPin, type PinOptions } from './pin.ts';
import { check, policyCheck, policyTest, schemaText } from './policy.ts';
import { recover } from './recover.ts';
import { run } from './run.ts';
import { SAYINGS } from './sayings.ts';
import type { SetUpOptions } from './set-up.ts';
import { runInUnit, UNIT_HELP, type UnitOption, withCredentialsOf } from './unit.ts';

interface Common {
  readonly dir: string;
  readonly json: boolean;
}

interface OfUnit {
  readonly unit?: UnitOption;
}

/** Runs one command line (without the program's name) and says with which code to exit. */
export async function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  let exit = 0;
  const ended = (code: number): void => {
    exit = code;
  };
  const program = describeProgram(io, ended, args);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.abandonQuestion?.();
    io.err(explainError(error));
    return exitCodeOf(error);
  }
}

function describeProgram(io: Io, ended: Ended, args: readonly string[]): Command {
  const program = new Command('vaktrom')
    .description('Security-first ChatOps for end-to-end-encrypted Matrix rooms')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });
  addDaemonCommands(program, io, ended, args);
  addIdentityCommands(program, io, ended, args);
  addLocalCommands(program, io, ended);
  addPolicyCommands(program, io, ended);
  addAuditCommands(program, io, ended);
  return program;
}

type Ended = (code: number) => void;

const dirOption = () =>
  new Option('--dir <folder>', 'the vaktrom directory').env('VAKTROM_DIR').default(DEFAULT_DIR);

const command = (parent: Command, name: string, about: string): Command =>
  parent.command(name).description(about).option('--json', 'for programs', false);

function addDaemonCommands(program: Command, io: Io, ended: Ended, args: readonly string[]): void {
  const setUp = (name: string, about: string): Command =>
    command(program, name, about)
      .addOption(dirOption())
      .option('--homeserver <url>', 'its URL or name (default: the server of the account)')
      .option('--user <account>', 'account of the bot, @name:server')
      .option('--password-file <file>', PASSWORD)
      .option('--access-token-file <file>', TOKEN)
      .option('--ca-file <file>', 'PEM of a private certificate authority; becomes ca.pem')
      .option('--policy <file>', 'copied to policy.yaml')
      .option(
        '--service-user <user>',
        "for a system service, as root: state and secrets are this user's, all else is root's",
      )
      .option('--data <folder>', 'where those go, with --service-user (default: /var/lib/vaktrom)');
  setUp('init', 'set up a directory: log in, cross-sign the bot, make keys')
    .option('--new-identity', 'replace a cross-signing identity that the account has', false)
    .option('--yes', 'ask nothing', false)
    .action(async (options: SetUpOptions) => ended(await init(options, io)));
  setUp(
    'recover',
    'set up a directory for the same bot anew; its recovery key is asked for',
  ).action(async (options: Omit<SetUpOptions, 'yes' | 'newIdentity'>) =>
    ended(await recover({ ...options, yes: false, newIdentity: false }, io)),
  );
  command(program, 'run', 'run the daemon; prints "ready" once it is in sync')
    .addOption(dirOption())
    .action(async ({ dir }: Common) => ended(await run(dir, io)));
  command(program, 'check', 'check settings, policy and secrets, without the network')
    .addOption(dirOption())
    .option('--unit [name]', UNIT_HELP)
    .action(async ({ dir, json, unit }: Common & OfUnit) =>
      ended(await withCredentialsOf(unit, args, () => check(dir, json, io))),
    );
  command(program, 'doctor', 'try each thing that the daemon relies on')
    .addOption(dirOption())
    .option(
      '--unit [name]',
      'as root: within the walls of the service, and as its user (default: vaktrom.service)',
    )
    .action(async ({ dir, json, unit }: Common & OfUnit) =>
      ended(unit === undefined ? await doctor(dir, json, io) : await runInUnit(unit, args, io)),
    );
  command(program, 'demo', 'the whole story on this machine, then a prompt to type in').action(
    async () => {
      // Loaded only when it is asked for: nothing of the demo belongs to the daemon.
      const { demo } = await import('./demo.ts');
      ended(await demo(io));
    },
  );
}

const PASSWORD = 'its password (or VAKTROM_PASSWORD); without it, what the homeserver offers';
const TOKEN = 'an access token that was issued elsewhere, for a device of its own';

function addIdentityCommands(
  program: Command,
  io: Io,
  ended: Ended,
  args: readonly string[],
): void {
  const identity = program.command('identity').description('who people are');
  command(identity, 'show', "the line to paste under a person's accounts")
    .argument('<account>', '@name:server')
    .addOption(dirOption())
    .option('--unit [name]', UNIT_HELP)
    .action(async (account: string, { dir, json, unit }: Common & OfUnit) =>
      ended(await withCredentialsOf(unit, args, () => identityShow(dir, account, json, io))),
    );
  command(identity, 'pin', 'that line with what speaks for it, and into the policy with --write')
    .argument('<whom>', 'a person of the policy, or @name:server')
    .addOption(dirOption())
    .option('--write', 'put it into the policy; nothing else in there changes', false)
    .option('--yes', 'ask nothing', false)
    .option('--unit [name]', UNIT_HELP)
    .action(async (whom: string, options: PinOptions & OfUnit) =>
      ended(await withCredentialsOf(options.unit, args, () => identityPin(whom, options, io))),
    );
  command(identity, 'history', 'who went by which identity when, as the log tells it')
    .argument('[account]', '@name:server')
    .addOption(dirOption())
    .action(async (account: string | undefined, options: HistoryOptions) =>
      ended(await identityHistory(account, options, io)),
    );
  command(identity, 'verify', 'compare emoji with a person, as root of the host')
    .argument('[account]', '@name:server; without it, who has asked')
    .addOption(dirOption())
    .option('--device <id>', 'ask this device of theirs, not in the direct room')
    .option('--control <folder>', 'of the control socket, where it is not found by itself')
    .action(async (account: string | undefined, options: LocalOptions & { device?: string }) => {
      const fields = Object.fromEntries(
        Object.entries({ account, device: options.device }).filter((field) => hasText(field)),
      );
      ended(await tellDaemon({ verb: 'verify', fields }, options, io));
    });
  const device = program.command('device').description('the device of the bot');
  command(device, 'rotate', 'a new device under the same identity, while the daemon is stopped')
    .addOption(dirOption())
    .option('--password-file <file>', PASSWORD)
    .option('--access-token-file <file>', TOKEN)
    .option('--unit [name]', UNIT_HELP)
    .action(async (options: RotateOptions & OfUnit) =>
      ended(await withCredentialsOf(options.unit, args, () => deviceRotate(options, io))),
    );
}

const hasText = (field: [string, string | undefined]): field is [string, string] =>
  field[1] !== undefined;

function addPolicyCommands(program: Command, io: Io, ended: Ended): void {
  const policy = program.command('policy').description('the policy file');
  const onFile = (
    name: string,
    about: string,
    act: (path: string, json: boolean, io: Io) => Promise<ExitCode>,
  ) =>
    command(policy, name, about)
      .argument('[file]', 'a policy file; by default that of --dir')
      .addOption(dirOption())
      .action(async (file: string | undefined, { dir, json }: Common) =>
        ended(await act(file ?? (await openDirectory(dir)).policyPath, json, io)),
      );
  onFile('check', 'is it valid? every problem with its place', policyCheck);
  onFile('test', 'run the tests that it carries', policyTest);
  policy
    .command('schema')
    .description('JSON Schema of the policy, for editors')
    .option('--settings', 'of vaktrom.yaml instead', false)
    .action(({ settings }: { settings: boolean }) =>
      io.out(schemaText(settings ? 'settings' : 'policy').trimEnd()),
    );
}

/** What users of the host ask the running daemon. */
function addLocalCommands(program: Command, io: Io, ended: Ended): void {
  const local = (name: string, about: string, args: readonly string[]): Command =>
    args
      .reduce((made, arg) => made.argument(arg), command(program, name, about))
      .addOption(dirOption())
      .option('--control <folder>', 'of the control socket, where it is not found by itself');
  for (const { name, about, args, say } of SAYINGS)
    local(name, about, args).action(async (...given: unknown[]) => {
      const options = given[args.length] as LocalOptions; // as commander hands them over
      const words = given.slice(0, args.length).flat().map(String);
      ended(await sayToDaemon(say(...words), options, io));
    });
  local('reload', 'have the daemon read its policy anew, as root of the host', []).action(
    async (options: LocalOptions) => ended(await reload(options, io)),
  );
  local('enrol', "set up somebody's first factor, as root of the host", ['<factor>', '<person>'])
    .usage('[options] totp|passkey <person>')
    .action(async (factor: string, person: string, options: LocalOptions) =>
      ended(await tellDaemon({ verb: 'enrol', fields: { factor, person } }, options, io)),
    );
}

interface AuditArguments extends Common {
  readonly log?: string;
  readonly key?: string;
  readonly receipts?: boolean;
}

function addAuditCommands(program: Command, io: Io, ended: Ended): void {
  const audit = program.command('audit').description('the signed log');
  const onLog = (
    name: string,
    about: string,
    act: (options: AuditOptions, io: Io) => Promise<ExitCode>,
  ) =>
    command(audit, name, about)
      .addOption(dirOption())
      .option('--log <folder>', 'the folder of log.jsonl and checkpoints, instead of --dir')
      .option('--key <key>', 'the public key, or the file that holds it, instead of --dir')
      .action(async (given: AuditArguments) => ended(await act(await auditOptions(given), io)));
  onLog(
    'verify',
    'is the log what was signed? needs only the files and the public key',
    auditVerify,
  ).option('--receipts', 'check the signatures of passkeys in it, too', false);
  onLog('show', 'the entries; with --json one a line, as stored', auditShow);
  onLog('head', 'the last signed checkpoint', auditHead);
}

/** An auditor has files and a key and no directory; everybody else has a directory. */
async function auditOptions(given: AuditArguments): Promise<AuditOptions> {
  const { dir, log, key, json, receipts = false } = given;
  if (log !== undefined) return { log, key: key ?? join(dir, 'audit.pub'), json, receipts };
  const { root, statePath } = await openDirectory(dir);
  const defaults = defaultAuditPaths(root, statePath);
  return { log: defaults.log, key: key ?? defaults.key, json, receipts };
}
