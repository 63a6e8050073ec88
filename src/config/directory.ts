/**
 * A Vaktrom directory (--dir): vaktrom.yaml, the policy, secrets and state, found and read in one
 * place. Secrets come from systemd credentials where there are any, else from files that nobody but
 * their owner may read. Settings and policy are believed if nobody but root and we ourselves may write them.
 */
import { join, resolve } from 'node:path';
import { fromBase64 } from '../base/bytes.ts';
import { BY_RECOVER, BY_ROTATE, Fault, type FaultCode } from '../base/errors.ts';
import { formatProblem } from './document.ts';
import { type PolicyFile, parsePolicyFile } from './policy-file.ts';
import { testPolicy } from './policy-test.ts';
import { parseSettings, type Settings } from './settings.ts';
import { type ClosedTo, readTextFile } from './text-file.ts';

export interface Directory {
  readonly root: string;
  readonly settings: Settings;
  readonly policyPath: string;
  readonly statePath: string;
  readonly secretsPath: string;
  /** Of a private certificate authority. */
  readonly caPath?: string;
  /** Of the control socket. */
  readonly controlPath: string;
}

export const SETTINGS_FILE = 'vaktrom.yaml';

export type SecretName = 'access-token' | 'crypto-key' | 'audit-key' | 'factor-key';

const RESTORE_OR_RECOVER = `restore it from a backup, or ${BY_RECOVER}`;

/** Throws Fault `config_invalid` with every problem on a line of its own, or `file_unsafe`. */
export async function openDirectory(
  root: string,
  runtime = process.env['RUNTIME_DIRECTORY'],
): Promise<Directory> {
  const file = join(root, SETTINGS_FILE);
  const hint = `is there a vaktrom directory at ${root}? --dir names another one, init makes one`;
  const text = await readText(file, { closedTo: 'writers', code: 'config_invalid', hint });
  const settings = parseSettings(text, file);
  if (!settings.ok) throw new Fault('config_invalid', settings.error.map(formatProblem).join('\n'));
  return {
    root,
    settings: settings.value,
    policyPath: resolve(root, settings.value.policy),
    statePath: resolve(root, settings.value.state),
    secretsPath: resolve(root, settings.value.secrets),
    ...(settings.value.ca_file === undefined
      ? {}
      : { caPath: resolve(root, settings.value.ca_file) }),
    controlPath: resolve(root, settings.value.control ?? runtime ?? 'run'),
  };
}

/**
 * Throws Fault `policy_invalid` with every problem on a line of its own, or `file_unsafe`. A policy
 * that fails its own tests is not the one that its author meant: it is refused like any other mistake.
 */
export async function readPolicy(path: string): Promise<PolicyFile> {
  const hint = 'name it under policy:';
  const text = await readText(path, { closedTo: 'writers', code: 'policy_invalid', hint });
  const parsed = parsePolicyFile(text, path);
  if (!parsed.ok) throw new Fault('policy_invalid', parsed.error.map(formatProblem).join('\n'));
  const failed = testPolicy(parsed.value).filter(({ fault }) => fault !== undefined);
  if (failed.length > 0) {
    const list = failed.map(({ name, fault }) => `  ${name}: ${fault}`).join('\n');
    throw new Fault('policy_invalid', `${path} does not do what its own tests say:\n${list}`);
  }
  return parsed.value;
}

/** What a person does about a secret that is lost. */
const MENDS: Readonly<Record<SecretName, string>> = {
  'access-token': BY_ROTATE,
  'crypto-key': RESTORE_OR_RECOVER,
  'audit-key': RESTORE_OR_RECOVER,
  'factor-key': RESTORE_OR_RECOVER,
};

/**
 * Reads a secret, without the newline at its end. Throws Fault `secret_missing`, `secret_damaged`, or
 * `file_unsafe` when others could read it.
 */
export async function readSecret(
  { secretsPath }: Pick<Directory, 'secretsPath'>,
  name: SecretName,
  credentials = process.env['CREDENTIALS_DIRECTORY'],
): Promise<string> {
  const places = [
    ...(credentials ? [{ folder: credentials, closedTo: 'nobody' } as const] : []), // systemd's to protect
    { folder: secretsPath, closedTo: 'readers' } as const,
  ];
  for (const { folder, closedTo } of places) {
    const path = join(folder, name);
    const text = await readText(path, { closedTo, code: 'secret_missing' }).catch(absent);
    if (text === undefined) continue;
    const secret = text.trimEnd();
    if (/^[!-~]+$/.test(secret)) return secret;
    const what = secret === '' ? 'empty' : 'damaged';
    const mend =
      folder === credentials ? 'encrypt it anew: systemd/README.md says how' : MENDS[name];
    throw new Fault('secret_damaged', `${path} is ${what}: ${mend}`);
  }
  const folders = places.map(({ folder }) => folder).join(' or ');
  throw new Fault('secret_missing', `there is no secret ${name} in ${folders}`);
}

/** 32 bytes of base64. */
export async function readKey(
  directory: Pick<Directory, 'secretsPath'>,
  name: SecretName,
): Promise<Uint8Array> {
  const key = fromBase64(await readSecret(directory, name));
  if (key?.length === 32) return key;
  throw new Fault('secret_damaged', `the secret ${name} is damaged: ${MENDS[name]}`);
}

interface Reading {
  readonly closedTo: ClosedTo;
  /** Of the Fault when it cannot be read. */
  readonly code: FaultCode;
  readonly hint?: string;
}

async function readText(path: string, { closedTo, code, hint }: Reading): Promise<string> {
  try {
    return await readTextFile(path, closedTo);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const mend = codeOf(cause) === 'EACCES' ? 'only its owner may' : hint;
    throw new Fault(code, `cannot read ${path}${mend === undefined ? '' : `; ${mend}`}`, cause);
  }
}

/** What is absent may be elsewhere; what is there and cannot be read must not be passed over. */
function absent(error: unknown): undefined {
  if (error instanceof Fault && codeOf(error.cause) === 'ENOENT') return undefined;
  throw error;
}

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined;
