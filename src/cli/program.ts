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
import { doctor } from './doctor.ts';
import { identityShow } from './identity.ts';
import { type InitOptions, init } from './init.ts';
import { type ExitCode, exitCodeOf, explainError, type Io } from './io.ts';
import { check, policyCheck, policyTest, schemaText } from './policy.ts';
import { run } from './run.ts';

interface Common {
  readonly dir: string;
  readonly json: boolean;
}

/** Runs one command line (without the program's name) and says with which code to exit. */
export async function runCommandLine(args: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = 0;
  const program = describeProgram(io, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.err(explainError(error));
    return exitCodeOf(error);
  }
}

function describeProgram(io: Io, ended: (code: ExitCode) => void): Command {
  const program = new Command('vaktrom')
    .description('Security-first ChatOps for end-to-end-encrypted Matrix rooms')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });
  addDaemonCommands(program, io, ended);
  addPolicyCommands(program, io, ended);
  addAuditCommands(program, io, ended);
  return program;
}

type Ended = (code: ExitCode) => void;

const dirOption = () =>
  new Option('--dir <folder>', 'the vaktrom directory').env('VAKTROM_DIR').default('/etc/vaktrom');

const command = (parent: Command, name: string, about: string): Command =>
  parent.command(name).description(about).option('--json', 'for programs', false);

function addDaemonCommands(program: Command, io: Io, ended: Ended): void {
  command(program, 'init', 'set up a directory: log in, cross-sign the bot, make keys')
    .addOption(dirOption())
    .option('--homeserver <url>', 'base URL of the homeserver')
    .option('--user <account>', 'account of the bot, @name:server')
    .option('--password-file <file>', 'its password (or VAKTROM_PASSWORD, or asked for)')
    .option('--policy <file>', 'copied to policy.yaml')
    .option('--new-identity', 'replace a cross-signing identity that the account has', false)
    .option('--yes', 'ask nothing', false)
    .action(async (options: InitOptions) => ended(await init(options, io)));
  command(program, 'run', 'run the daemon; prints "ready" once it is in sync')
    .addOption(dirOption())
    .action(async ({ dir }: Common) => ended(await run(dir, io)));
  command(program, 'check', 'check settings, policy and secrets, without the network')
    .addOption(dirOption())
    .action(async ({ dir, json }: Common) => ended(await check(dir, json, io)));
  command(program, 'doctor', 'try each thing that the daemon relies on')
    .addOption(dirOption())
    .action(async ({ dir, json }: Common) => ended(await doctor(dir, json, io)));
  const identity = program.command('identity').description('who people are');
  command(identity, 'show', "the line to paste under a person's accounts")
    .argument('<account>', '@name:server')
    .addOption(dirOption())
    .action(async (account: string, { dir, json }: Common) =>
      ended(await identityShow(dir, account, json, io)),
    );
  command(program, 'demo', 'the whole story on this machine, then a prompt to type in').action(
    async () => {
      // Loaded only when it is asked for: nothing of the demo belongs to the daemon.
      const { demo } = await import('./demo.ts');
      ended(await demo(io));
    },
  );
}

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

interface AuditArguments extends Common {
  readonly log?: string;
  readonly key?: string;
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
  );
  onLog('show', 'the entries; with --json one a line, as stored', auditShow);
  onLog('head', 'the last signed checkpoint', auditHead);
}

/** An auditor has files and a key and no directory; everybody else has a directory. */
async function auditOptions({ dir, log, key, json }: AuditArguments): Promise<AuditOptions> {
  if (log !== undefined) return { log, key: key ?? join(dir, 'audit.pub'), json };
  const { root, statePath } = await openDirectory(dir);
  const defaults = defaultAuditPaths(root, statePath);
  return { log: defaults.log, key: key ?? defaults.key, json };
}
