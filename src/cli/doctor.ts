/** `vaktrom doctor`: tries each thing that the daemon relies on, and says what to do about the rest. */
import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../base/errors.ts';
import {
  type Directory,
  openDirectory,
  readKey,
  readPolicy,
  readSecret,
} from '../config/directory.ts';
import { formatProblem } from '../config/document.ts';
import { findSubordinate, SUBORDINATE_IDS } from '../control/users.ts';
import { fileNames } from '../daemon.ts';
import { readSession } from '../kept-session.ts';
import { fieldsOf, text } from '../matrix/events.ts';
import { visibleLine } from '../output/text.ts';
import { actionsWithPasskey } from '../policy/passkeys.ts';
import { probeSandbox } from '../sandbox/probe.ts';
import { createFile } from '../store/durable.ts';
import { readSigningKey } from '../store/keys.ts';
import { ledgerFiles } from '../store/ledger-files.ts';
import { allocate } from '../store/reserve.ts';
import { checkFree } from '../store/space.ts';
import { type Finding, formatFinding, lookInto, type Seen } from './finding.ts';
import type { ExitCode, Io } from './io.ts';
import { checkLogClock } from './log-clock.ts';
import { openOnline } from './online.ts';
import { asOwnerOf, isRoot } from './owner.ts';
import { checkPolicyIsSafe, serviceUser } from './service-check.ts';
import { describeUnreadable, findUnreadable } from './unreadable.ts';
import { findWayOutWarnings } from './ways-out.ts';

export async function doctor(root: string, json: boolean, io: Io): Promise<ExitCode> {
  const directory = await openDirectory(root);
  const findings = [
    await lookInto('the policy is valid', () => checkPolicy(directory)),
    await lookInto('passkeys can be used where they are needed', () => checkPasskeys(directory)),
    await lookInto('the secrets are there and private', () => checkSecrets(directory)),
    await lookInto('the state folder is private', () => checkPrivate(directory.statePath)),
    await lookInto('disk space for the audit log can be reserved', () => checkSpace(directory)),
    await lookInto('the clock has not been set back behind the log', () =>
      checkLogClock(ledgerFiles(fileNames.audit(directory.statePath)).log, Date.now()),
    ),
    ...(await lookAtService(directory)),
    await lookInto('the daemon does not run as root', checkUser),
    await lookInto('the homeserver knows us', () => checkHomeserver(directory)),
    await lookInto('nothing that actions see leads out of the sandbox', () =>
      checkWaysOut(directory),
    ),
    await lookInto('users of the host are who the policy names', () => checkUsers(directory)),
    ...(await lookAtSandbox(directory)),
  ];
  // Of others, and long past as a rule: said for whoever looks for a cause, and no fault of this host.
  const unreadable = await findUnreadable(directory, Date.now()).catch(() => []);
  const isWell = findings.every(({ level }) => level !== 'bad');
  if (json) io.out(JSON.stringify({ ok: isWell, findings, unreadable }));
  else {
    for (const finding of findings) io.out(visibleLine(formatFinding(finding)));
    for (const one of unreadable) io.out(visibleLine(`note  ${describeUnreadable(one)}`));
  }
  return isWell ? 0 : 1;
}

async function lookAtSandbox(directory: Directory): Promise<readonly Finding[]> {
  const { root, secretsPath, statePath, controlPath } = directory;
  const hidden = [root, secretsPath, statePath, controlPath].filter(existsSync);
  const tried = await probeSandbox(hidden);
  return tried.map(({ name, ok, detail }) => ({ name, level: ok ? 'ok' : 'bad', detail }));
}

/** Where this is no service there is nothing to look at. */
async function lookAtService(directory: Directory): Promise<readonly Finding[]> {
  const user = await serviceUser(directory).catch(() => undefined); // no state: said elsewhere
  return user
    ? [
        await lookInto('the daemon cannot change its policy', () =>
          checkPolicyIsSafe(directory, user),
        ),
      ]
    : [];
}

async function checkPolicy({ policyPath }: Directory): Promise<string> {
  const { policy } = await readPolicy(policyPath);
  return `${policy.people.size} people, ${policy.rooms.size} rooms, ${policy.actions.size} actions`;
}

async function checkUsers({ policyPath }: Directory): Promise<string> {
  const { people } = (await readPolicy(policyPath)).policy;
  const users = [...people.values()].flatMap(({ localUsers }) => localUsers);
  const [user] = await findSubordinate(users);
  if (user !== undefined)
    throw new Fault(
      'config_invalid',
      `the id of ${user} (local_users) lies in a range of ${SUBORDINATE_IDS}, whose owner could be ${user}: ` +
        'the daemon takes it for nobody. Give that user another id, or the range to nobody',
    );
  return users.join(', ');
}

/** No fault: the author may want it. */
async function checkWaysOut({ policyPath }: Directory): Promise<Seen> {
  const warnings = await findWayOutWarnings(await readPolicy(policyPath));
  return warnings.length === 0 ? '' : { note: warnings.map(formatProblem).join('; ') };
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
  await readSession(directory);
  for (const name of ['crypto-key', 'factor-key'] as const) await readKey(directory, name);
  return `audit key of ${readSigningKey(await readSecret(directory, 'audit-key')).name}`;
}

async function checkPrivate(path: string): Promise<string> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw new Fault('file_unsafe', `others may enter ${path}; mend it: chmod 700 ${path}`);
  return path;
}

async function checkUser(): Promise<Seen> {
  return isRoot() ? { note: AS_ROOT } : '';
}

const AS_ROOT =
  'you are root, so doctor tried all of this as root. Do not run the daemon as root: an action that escapes its sandbox would be root, too. To try it as the service runs, type: vaktrom doctor --unit';

/** Tries it with a file that it removes again. */
async function checkSpace({ statePath }: Directory): Promise<Seen> {
  const path = join(statePath, `.doctor-${process.pid}`);
  return asOwnerOf(statePath, async () => {
    await checkFree(statePath);
    await createFile(path, '');
    try {
      const allocated = await allocate(path, 0, 1 << 20);
      return allocated === 'reserved' ? '' : { note: CANNOT_RESERVE };
    } finally {
      await rm(path);
    }
  });
}

const CANNOT_RESERVE =
  'this file system cannot reserve space: if the disk fills up, the outcomes of runs may not be recorded';

const CLOCK_TOLERANCE_MS = 30_000;

async function checkHomeserver(directory: Directory): Promise<string> {
  const { homeserver, user, device } = directory.settings;
  const http = await openOnline(directory, 15_000);
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
