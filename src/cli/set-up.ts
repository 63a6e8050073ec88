/**
 * From an account and its password to a directory that `vaktrom run` starts from. All of it is made in
 * a staging folder first and moved into place at the end, vaktrom.yaml last: there is a whole directory
 * afterwards, or none.
 */
import { randomBytes } from 'node:crypto';
import { access, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatVerifierKey } from '../audit/note.ts';
import { toBase64 } from '../base/bytes.ts';
import { Fault } from '../base/errors.ts';
import { SETTINGS_FILE } from '../config/directory.ts';
import { formatProblem } from '../config/document.ts';
import { parsePolicyFile } from '../config/policy-file.ts';
import { parseSettings } from '../config/settings.ts';
import { fileNames } from '../daemon.ts';
import { writeSession } from '../kept-session.ts';
import type { SealedStore } from '../matrix/crypto/machine.ts';
import { openIndexedDb } from '../matrix/indexeddb/open.ts';
import type { Account } from '../matrix/sign-in/log-in.ts';
import { type Bring, type By, signIn } from '../matrix/sign-in/sign-in.ts';
import { createFile, makePrivateFolder } from '../store/durable.ts';
import { makeSigningKey, randomSecret, readSigningKey } from '../store/keys.ts';
import { createLedger } from '../store/ledger-files.ts';
import { createState } from '../store/state.ts';
import { type AccountOptions, askForAccount, guideFor } from './account.ts';
import { PUBLIC_KEY_FILE } from './audit.ts';
import type { Io } from './io.ts';
import { openPlaces, type PlaceOptions, type Places } from './places.ts';
import { schemaText } from './policy.ts';
import { catchSignals } from './signals.ts';
import { AUTHORITY_FILE, formatSettings, formatStarterPolicy } from './starter.ts';

export interface SetUpOptions extends PlaceOptions, AccountOptions {
  readonly policy?: string | undefined;
  readonly json: boolean;
}

/** Resolves with the public master key of the bot; `from` says where its identity comes from. */
export async function setUp(
  options: SetUpOptions,
  io: Io,
  from: (account: Account) => Promise<Bring>,
): Promise<string> {
  const { dir } = options;
  if (await exists(join(dir, SETTINGS_FILE)))
    throw new Fault('setup_exists', `${dir} is set up already: there is a ${SETTINGS_FILE}`);
  if (options.policy !== undefined && (await exists(join(dir, 'policy.yaml'))))
    throw new Fault('setup_exists', `there is a policy in ${dir} already; leave out --policy`);
  const policy = await policyToStartWith(options);
  const account = await askForAccount(options, io);
  const by = { bring: await from(account), guide: guideFor(io, options.yes) };
  const places = await openPlaces(options);

  const { caFile } = options;
  const authority = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  const hasAuthority = authority !== undefined;
  const settingsText = (device: string) =>
    formatSettings({ ...account, ...places, device, hasAuthority });
  const draft = parseSettings(settingsText('DRAFT'), SETTINGS_FILE);
  if (!draft.ok) throw new Fault('usage', draft.error.map(formatProblem).join('\n'));

  const staging = `.init-${randomBytes(4).toString('hex')}`;
  const [root, data] = [join(places.root, staging), join(places.data, staging)];
  using signals = catchSignals();
  return await inFolder(places.asDaemon, data, async () => {
    const made = await places.asDaemon(() => signals.during(furnish(data, account, by)));
    const { device, publicKey } = made;
    const texts = { settings: settingsText(device), policy, publicKey, authority };
    await inFolder(asOurselves, root, async () => {
      const files = await writeTexts(root, texts);
      for (const name of ['secrets', 'state'])
        await places.asDaemon(() => moveIntoPlace(data, places.data, name));
      for (const name of files) {
        await places.finish(join(root, name), isForAll(name));
        await moveIntoPlace(root, places.root, name);
      }
    });
    return made.identity;
  });
}

interface Furnished {
  readonly device: string;
  readonly publicKey: string;
  readonly identity: string;
}

/** Everything that is the daemon's own. */
async function furnish(root: string, account: Account, by: By): Promise<Furnished> {
  const statePath = join(root, 'state');
  const secretsPath = join(root, 'secrets');
  for (const folder of [statePath, secretsPath]) {
    await makePrivateFolder(folder);
    // In a work tree of git, the policy is worth a history; keys and the log would be a leak. The
    // deepest file counts, whatever a .gitignore says that was there before.
    await createFile(join(folder, '.gitignore'), '*\n');
  }
  const secret = (name: string, text: string) => createFile(join(secretsPath, name), `${text}\n`);

  const server = account.user.slice(account.user.indexOf(':') + 1);
  const signingKey = makeSigningKey(`${server}/vaktrom/${randomBytes(4).toString('hex')}`);
  const signer = readSigningKey(signingKey);
  await secret('audit-key', signingKey);
  await createLedger(fileNames.audit(statePath), signer);
  await createState(fileNames.state(statePath));

  await secret('factor-key', toBase64(randomSecret(32)));
  const storeKey = randomSecret(32);
  await secret('crypto-key', toBase64(storeKey));
  const storeFile = fileNames.cryptoStore(statePath);
  const signedIn = await withStore(storeFile, storeKey, (store) => signIn(account, store, by));
  await writeSession({ statePath, secretsPath }, storeKey, signedIn.session);
  const { device, identity } = signedIn;
  return { device, identity, publicKey: formatVerifierKey(signer) };
}

interface Texts {
  readonly settings: string;
  readonly policy: string;
  readonly publicKey: string;
  readonly authority: string | undefined;
}

/** Everything that people read or edit; vaktrom.yaml last. */
async function writeTexts(root: string, { settings, policy, publicKey, authority }: Texts) {
  const files = {
    [PUBLIC_KEY_FILE]: `${publicKey}\n`,
    // In a work tree of git, the policy is worth a history; keys and the log would be a leak.
    '.gitignore': '/secrets/\n/state/\n/run/\n',
    ...(authority === undefined ? {} : { [AUTHORITY_FILE]: authority }),
    'policy.schema.json': schemaText('policy'),
    'vaktrom.schema.json': schemaText('settings'),
    'policy.yaml': policy,
    [SETTINGS_FILE]: settings,
  };
  for (const [name, text] of Object.entries(files))
    await writeFile(join(root, name), text, { mode: 0o644 });
  return Object.keys(files);
}

/** The others say something of who may do what, and where. */
const isForAll = (name: string): boolean =>
  [PUBLIC_KEY_FILE, AUTHORITY_FILE, '.gitignore'].includes(name) || name.endsWith('.schema.json');

/** Makes a private folder for the time of `work`. */
async function inFolder<T>(
  as: Places['asDaemon'],
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  await as(() => makePrivateFolder(folder));
  try {
    return await work();
  } finally {
    await as(() => rm(folder, { recursive: true, force: true }));
  }
}

const asOurselves: Places['asDaemon'] = (work) => work();

/** While the crypto store is open; what it fails with is what the work fails with. */
export async function withStore<T>(
  file: string,
  key: Uint8Array,
  work: (store: SealedStore) => Promise<T>,
): Promise<T> {
  const failure = Promise.withResolvers<never>();
  await using store = await openIndexedDb({ file, onFatal: failure.reject });
  return await Promise.race([work({ key, atomically: store.atomically }), failure.promise]);
}

async function moveIntoPlace(staging: string, dir: string, name: string): Promise<void> {
  const target = join(dir, name);
  // A policy that is there already is the one that counts; everything else is ours to make.
  if (await exists(target)) {
    if (['policy.yaml', '.gitignore'].includes(name) || name.endsWith('.schema.json')) return;
    throw new Fault('setup_exists', `${target} is there already; move it away first`);
  }
  await rename(join(staging, name), target);
}

async function policyToStartWith({ dir, policy: path }: SetUpOptions): Promise<string> {
  if (path === undefined) return formatStarterPolicy(dir);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('usage', `--policy: cannot read ${path}`, cause);
  });
  const parsed = parsePolicyFile(text, path);
  if (!parsed.ok) throw new Fault('policy_invalid', parsed.error.map(formatProblem).join('\n'));
  return text;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
