/**
 * A Vaktrom directory (--dir): vaktrom.yaml, the policy, secrets and state, found and read in one
 * place. Secrets come from systemd credentials where there are any, else from files that nobody but
 * their owner may read.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fromBase64 } from '../base/bytes.ts';
import { Fault } from '../base/errors.ts';
import { formatProblem } from './document.ts';
import { type PolicyFile, parsePolicy } from './policy-file.ts';
import { parseSettings, type Settings } from './settings.ts';

export interface Directory {
  readonly root: string;
  readonly settings: Settings;
  readonly policyPath: string;
  readonly statePath: string;
  readonly secretsPath: string;
}

export const SETTINGS_FILE = 'vaktrom.yaml';

export type SecretName = 'access-token' | 'crypto-key' | 'audit-key';

/** Throws Fault `config_invalid` with every problem on a line of its own. */
export async function openDirectory(root: string): Promise<Directory> {
  const file = join(root, SETTINGS_FILE);
  const text = await readText(
    file,
    'config_invalid',
    `is there a vaktrom directory at ${root}? See: vaktrom init`,
  );
  const settings = parseSettings(text, file);
  if (!settings.ok) throw new Fault('config_invalid', settings.error.map(formatProblem).join('\n'));
  return {
    root,
    settings: settings.value,
    policyPath: resolve(root, settings.value.policy),
    statePath: resolve(root, settings.value.state),
    secretsPath: resolve(root, settings.value.secrets),
  };
}

/** Throws Fault `policy_invalid` with every problem on a line of its own. */
export async function readPolicy(path: string): Promise<PolicyFile> {
  const parsed = parsePolicy(await readText(path, 'policy_invalid', 'name it under policy:'), path);
  if (!parsed.ok) throw new Fault('policy_invalid', parsed.error.map(formatProblem).join('\n'));
  return parsed.value;
}

/**
 * Reads a secret, without the newline at its end. Throws Fault `secret_missing`, or `file_unsafe`
 * when others could read it.
 */
export async function readSecret(
  { secretsPath }: Pick<Directory, 'secretsPath'>,
  name: SecretName,
  credentials = process.env['CREDENTIALS_DIRECTORY'],
): Promise<string> {
  const places = [...(credentials ? [credentials] : []), secretsPath];
  for (const place of places) {
    const path = join(place, name);
    const found = await stat(path).catch(() => undefined); // absent here; the next place may have it
    if (!found) continue;
    if (place === secretsPath) refuseLoose(path, found.mode);
    return (await readFile(path, 'utf8')).trimEnd();
  }
  throw new Fault('secret_missing', `there is no secret ${name} in ${places.join(' or ')}`);
}

/** 32 bytes of base64. */
export async function readKey(directory: Directory, name: SecretName): Promise<Uint8Array> {
  const key = fromBase64(await readSecret(directory, name));
  if (key?.length !== 32) throw new Fault('secret_missing', `the secret ${name} is damaged`);
  return key;
}

function refuseLoose(path: string, mode: number): void {
  if ((mode & 0o077) !== 0)
    throw new Fault('file_unsafe', `others may read ${path}; mend it: chmod 600 ${path}`);
}

async function readText(
  path: string,
  code: 'config_invalid' | 'policy_invalid',
  hint: string,
): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Fault(code, `cannot read ${path}; ${hint}`, cause);
  }
}
