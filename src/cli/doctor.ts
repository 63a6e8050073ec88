/** `vaktrom doctor`: tries each thing that the daemon relies on, and says what to do about the rest. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describeError, Fault } from '../base/errors.ts';
import {
  type Directory,
  openDirectory,
  readKey,
  readPolicy,
  readSecret,
} from '../config/directory.ts';
import { fieldsOf, text } from '../matrix/events.ts';
import { openHttp } from '../matrix/http.ts';
import { visibleLine } from '../output/text.ts';
import { actionsWithPasskey } from '../policy/passkeys.ts';
import { probeSandbox } from '../sandbox/probe.ts';
import { readSigningKey } from '../store/keys.ts';
import type { ExitCode, Io } from './io.ts';
import { describeUnreadable, findUnreadable } from './unreadable.ts';

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export async function doctor(root: string, json: boolean, io: Io): Promise<ExitCode> {
  const findings: Finding[] = [];
  const look = async (name: string, check: () => Promise<string>): Promise<void> => {
    findings.push(
      await check().then(
        (detail) => ({ name, ok: true, detail }),
        (error: unknown) => ({ name, ok: false, detail: describeError(error) }),
      ),
    );
  };
  const directory = await openDirectory(root);
  await look('the policy is valid', () => checkPolicy(directory));
  await look('passkeys can be used where they are needed', () => checkPasskeys(directory));
  await look('the secrets are there and private', () => checkSecrets(directory));
  await look('the state folder is private', () => checkPrivate(directory.statePath));
  await look('the daemon does not run as root', checkUser);
  await look('the homeserver knows us', () => checkHomeserver(directory));
  const { secretsPath, statePath, controlPath } = directory;
  const hidden = [directory.root, secretsPath, statePath, controlPath].filter(existsSync);
  findings.push(...(await probeSandbox(hidden)));
  // Of others, and long past as a rule: said for whoever looks for a cause, and no fault of this host.
  const unreadable = await findUnreadable(directory, Date.now()).catch(() => []);
  if (json) io.out(JSON.stringify({ ok: findings.every((f) => f.ok), findings, unreadable }));
  else {
    for (const { name, ok, detail } of findings)
      io.out(`${ok ? 'ok  ' : 'BAD '}  ${name}${detail && `: ${detail}`}`);
    for (const one of unreadable) io.out(visibleLine(`note  ${describeUnreadable(one)}`));
  }
  return findings.every((f) => f.ok) ? 0 : 1;
}

async function checkPolicy({ policyPath }: Directory): Promise<string> {
  const { policy } = await readPolicy(policyPath);
  return `${policy.people.size} people, ${policy.rooms.size} rooms, ${policy.actions.size} actions`;
}

async function checkPasskeys({ policyPath, settings }: Directory): Promise<string> {
  const needing = actionsWithPasskey((await readPolicy(policyPath)).policy);
  if (needing.length > 0 && !settings.web)
    throw new Fault(
      'config_invalid',
      `${needing.join(', ')} cannot be used: there is no web: in vaktrom.yaml`,
    );
  return settings.web?.origin ?? 'none is needed';
}

/** All that the daemon will want to read. */
export async function checkSecrets(directory: Directory): Promise<string> {
  await readSecret(directory, 'access-token');
  for (const name of ['crypto-key', 'factor-key'] as const) await readKey(directory, name);
  return `audit key of ${readSigningKey(await readSecret(directory, 'audit-key')).name}`;
}

async function checkPrivate(path: string): Promise<string> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw new Fault('file_unsafe', `others may enter ${path}; mend it: chmod 700 ${path}`);
  return path;
}

async function checkUser(): Promise<string> {
  if (process.getuid?.() === 0)
    throw new Fault(
      'file_unsafe',
      'it works, but a break-out would be a break-in: use the systemd unit',
    );
  return '';
}

const CLOCK_TOLERANCE_MS = 30_000;

async function checkHomeserver(directory: Directory): Promise<string> {
  const { homeserver, user, device } = directory.settings;
  const http = openHttp({
    baseUrl: homeserver,
    token: await readSecret(directory, 'access-token'),
    signal: AbortSignal.timeout(15_000),
  });
  const me = fieldsOf(
    await http({ method: 'GET', path: '/_matrix/client/v3/account/whoami', once: true }),
  );
  if (text(me['user_id']) !== user || text(me['device_id']) !== device)
    throw new Fault(
      'homeserver_refused',
      `it takes us for ${text(me['user_id'])} ${text(me['device_id'])}`,
    );
  await checkClock(homeserver);
  return `${user}, device ${device}`;
}

async function checkClock(homeserver: string): Promise<void> {
  const response = await fetch(homeserver, { method: 'HEAD', redirect: 'manual' });
  const theirs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return; // it does not say; that proves nothing
  const apartMs = Math.abs(Date.now() - theirs);
  if (apartMs > CLOCK_TOLERANCE_MS)
    throw new Fault(
      'homeserver_refused',
      `its clock and ours are ${Math.round(apartMs / 1000)} s apart`,
    );
}
