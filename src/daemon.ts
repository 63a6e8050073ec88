/**
 * The daemon's life: everything is opened in order, then it is ready, then it listens until it is
 * told to stop, and everything is closed in reverse. Where, but for set-up
 * and rotation, the adapters are put together.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { History } from './audit/history.ts';
import { Standing } from './audit/standing.ts';
import { BY_RECOVER, Fatal, Fault } from './base/errors.ts';
import type { PersonName, RoomId } from './base/ids.ts';
import { type Directory, readKey, readPolicy, readSecret } from './config/directory.ts';
import { listenAddress } from './config/settings-web.ts';
import { makeControlFolder } from './control/folder.ts';
import { openHostDoor, userChanges } from './control/open.ts';
import type { Reloaded } from './control/reload.ts';
import { openTerminals } from './control/terminals.ts';
import { openDesk } from './desk/open.ts';
import { openLinks } from './desk/passkeys/links.ts';
import { planPins } from './desk/pins.ts';
import { openRefusals } from './desk/refusals.ts';
import { registerOf } from './desk/register.ts';
import { openVoice } from './desk/voice.ts';
import { readSession, replaceSealed } from './kept-session.ts';
import { trustAlso } from './matrix/authorities.ts';
import { type Login, openMatrix } from './matrix/connect.ts';
import { openIndexedDb } from './matrix/indexeddb/open.ts';
import { requesterChanges } from './matrix/requester.ts';
import type { Session } from './matrix/session.ts';
import { COLUMNS, ROWS } from './output/screen-size.ts';
import { renderStatus } from './output/status-line.ts';
import { openPipeline } from './pipeline.ts';
import { openPolicyReload } from './policy-reload.ts';
import type { Log } from './ports.ts';
import { openSandbox } from './sandbox/launch.ts';
import { probeSandbox } from './sandbox/probe.ts';
import { holdFiles } from './store/held-files.ts';
import { keyedHash, readSigningKey, seal, unseal } from './store/keys.ts';
import { openLedger } from './store/ledger.ts';
import { openSpace } from './store/space.ts';
import { openState } from './store/state.ts';
import { systemClock as clock } from './system/clock.ts';
import type { Part } from './system/heartbeat.ts';
import { openScreen } from './system/screens.ts';
import type { Register } from './trust/judge.ts';
import { LOCAL_PLACE } from './trust/local.ts';
import { VERSION } from './version.ts';

export interface Daemon extends AsyncDisposable {
  /** Resolves once the first sync is done. */
  readonly ready: Promise<void>;
  /** Rejects when the daemon can no longer be trusted to go on; never resolves. */
  readonly failed: Promise<never>;
  /** Reads the policy file anew; a bad one is recorded and the old one stays. */
  reloadPolicy(): Promise<Reloaded>;
  /** The parts that could hang, for the watchdog. */
  readonly parts: readonly Part[];
  /** The line for `systemctl status`. Rejects only with fatal errors. */
  status(): Promise<string>;
  /** Stops what runs, waits until its end is on record and said, and records the shutdown. */
  drain(reason: string): Promise<void>;
}

export const fileNames = {
  cryptoStore: (statePath: string) => join(statePath, 'crypto', 'crypto.db'),
  audit: (statePath: string) => join(statePath, 'audit'),
  state: (statePath: string) => join(statePath, 'state.json'),
  /** There while one device is put in the place of another. */
  rotation: (statePath: string) => join(statePath, 'rotation.json'),
};

export async function openDaemon(directory: Directory, log: Log): Promise<Daemon> {
  const { settings, statePath } = directory;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // whoever awaits `failed` is told; nobody has to
  const onFatal = (error: unknown): void => failure.reject(error);

  if (existsSync(fileNames.rotation(statePath)))
    throw new Fault('rotation_unfinished', 'vaktrom device rotate was cut off: do it again first');
  let { policy } = await readPolicy(directory.policyPath);
  if (directory.caPath !== undefined) await trustAlso(directory.caPath);

  await using opening = new AsyncDisposableStack();
  // First, since it is locked: a second daemon on the same directory ends here.
  const storeFile = fileNames.cryptoStore(statePath);
  const store = opening.use(await openIndexedDb({ file: storeFile, onFatal }));
  const state = await openState(fileNames.state(statePath));
  const history = new History();
  const standing = new Standing();
  const ledger = opening.use(
    await openLedger({
      directory: fileNames.audit(statePath),
      signer: readSigningKey(await readSecret(directory, 'audit-key')),
      boot: randomBytes(6).toString('hex'),
      now: clock.now,
      onEntry(entry) {
        history.note(entry);
        standing.note(entry);
      },
    }),
  );
  const reserves = [() => ledger.reserve(), () => store.reserve()];
  const space = openSpace({ folder: statePath, reserves, log });
  await space.hasRoom();
  const register = (): Register => registerOf(policy, standing, settings.user);
  // Of the control socket above all: an action runs under the very user to whom that yields.
  const folder = await makeControlFolder(directory.controlPath);
  const hidden = [directory.root, directory.secretsPath, statePath, folder];
  const proven = proveSandbox(hidden);
  proven.catch(() => {}); // awaited below, if nothing else fails first
  const sandbox = opening.use(openSandbox({ size: { columns: COLUMNS, rows: ROWS }, hidden }));
  const matrix = opening.use(
    await openMatrix({
      login: await readLogin(directory),
      store: { key: await readKey(directory, 'crypto-key'), atomically: store.atomically },
      register,
      clock,
      log,
      onVerified({ account, identity }) {
        const person = register().accounts.get(account)?.person ?? '';
        ledger.append({ type: 'identity.verified', person, account, identity }).catch(onFatal);
      },
    }),
  );
  if ((await matrix.crypto.ownIdentity()) === undefined)
    throw new Fatal(
      'identity_lost',
      `the crypto store has no cross-signing identity of the bot: ${BY_RECOVER}`,
    );

  const terminals = openTerminals();
  const chat = terminals.around(matrix.chat);
  const { verifications } = matrix.crypto;
  const voice = openVoice(chat, log);
  const factorKey = await readKey(directory, 'factor-key');
  const { web } = settings;
  const links = web && openLinks({ clock, origin: web.origin });
  const { desk, resume } = openDesk({
    ...{ chat, ledger, state, sandbox, openScreen, history, standing, space, clock, log },
    ...{ holdFiles, onFatal },
    policy: () => policy,
    nonce: () => randomBytes(16).toString('hex'),
    // About somebody: the secret of one person, put in place of another's, does not open.
    seal: (secret, person) => seal(factorKey, secret, person),
    unseal: (sealed, person) => unseal(factorKey, sealed, person),
    requesterChanges: (frozen) =>
      frozen.source.room === LOCAL_PLACE
        ? userChanges(frozen.actor)
        : requesterChanges({ ...matrix, clock }, frozen),
    onMoved: terminals.moved,
    linkFor: (...errand) => links?.issue(...errand),
    issuer: settings.user.slice(settings.user.indexOf(':') + 1),
    version: VERSION,
  });
  const refusals = openRefusals({
    ...{ ledger, history, clock },
    say: (sighting, text) => voice.say(sighting, [{ kind: 'line', spans: [text] }]),
  });
  const hear = openPipeline({ desk, refusals, voice, register });

  await proven;
  const pinsNow = () => planPins(policy, standing.identities);
  await ledger.append({ type: 'boot', version: VERSION, policy: policy.sha256 }, ...pinsNow());
  await resume();
  const reloadPolicy = openPolicyReload({
    read: async () => (await readPolicy(directory.policyPath)).policy,
    current: () => policy,
    async replaceBy(next) {
      policy = next;
      await ledger.append({ type: 'policy.loaded', policy: policy.sha256 }, ...pinsNow());
      for (const { request } of desk.requests.list())
        await desk.requests.happen(request.id, {
          kind: 'changed',
          what: 'the policy is another one',
        });
    },
    ...{ ledger, log },
  });
  const { refuse } = refusals;
  const door = { folder, desk, voice, refuse, terminals, verifications, reloadPolicy, onFatal };
  opening.use(await openHostDoor(door));
  if (web && links) {
    // Loaded only where it is served: WebAuthn costs as much memory as all the rest.
    const { openCeremonies } = await import('./desk/passkeys/ceremonies.ts');
    const { openWeb } = await import('./web/listen.ts');
    const party = { id: web.rp_id, origin: web.origin };
    const handleOf = (person: PersonName) => keyedHash(factorKey, `webauthn user ${person}`);
    const ceremonies = openCeremonies({ desk, links, party, handleOf });
    const listen = listenAddress(web.listen);
    opening.use(await openWeb({ listen, origin: web.origin, ceremonies, log, onFatal }));
  }
  const ready = Promise.withResolvers<void>();
  let isReady = false;
  const onRoomChanged = (id: RoomId): void => {
    const room = register().rooms.get(id);
    if (room !== undefined) desk.postures.look(room).catch(onFatal);
  };
  let saving = Promise.resolve();
  matrix.listen({
    hear,
    settle: refusals.settle,
    loadPosition: state.syncToken,
    savePosition(token) {
      // In order, and not before what the events up to here are answered with is in the room.
      saving = saving
        .then(voice.settled)
        .then(() => state.saveSyncToken(token))
        .catch(ignoreFullDisk); // a later position will be saved
      saving.catch(onFatal);
    },
    // The very first position is on disk before we are ready: from then on, what is said while we are
    // away is answered when we come back.
    onReady() {
      isReady = true;
      for (const room of policy.rooms.values()) onRoomChanged(room.id);
      void (state.syncToken() === undefined ? saving : Promise.resolve()).then(ready.resolve);
    },
    onRoomChanged,
    onFatal,
  });

  const open = opening.move();
  return {
    ready: ready.promise,
    failed: failure.promise,
    reloadPolicy,
    parts: [
      { name: 'audit log', answer: () => ledger.turn() },
      { name: 'encryption', answer: () => matrix.crypto.turn() },
      { name: 'sync', answer: () => matrix.pulse.check() },
    ],
    async status() {
      const [hasRoom, silentSince] = [await space.hasRoom(), matrix.pulse.silentSince()];
      const open = desk.requests.list();
      const running = open.filter(({ state: { kind } }) => kind === 'running').length;
      return renderStatus({
        hasRoom,
        isReady,
        silentSince,
        running,
        waiting: open.length - running,
      });
    },
    async drain(reason) {
      await desk.requests.stopAll();
      await voice.settled();
      await ledger.append({ type: 'shutdown', reason });
    },
    async [Symbol.asyncDispose]() {
      await open.disposeAsync();
      await saving.catch(() => {}); // onFatal was told
    },
  };
}

/** Ignores that the disk is full. */
function ignoreFullDisk(error: unknown): void {
  if (!(error instanceof Fault && error.code === 'disk_full')) throw error;
}

/** No sandbox, no run, hence no daemon: each wall is tried before the first command is heard. */
async function proveSandbox(hidden: readonly string[]): Promise<void> {
  const broken = (await probeSandbox(hidden)).filter(({ ok }) => !ok);
  if (broken.length === 0) return;
  const list = broken.map(({ name, detail }) => `  not so: ${name} (${detail})`).join('\n');
  throw new Fault('sandbox_unavailable', `the sandbox does not hold; see vaktrom doctor:\n${list}`);
}

async function readLogin(directory: Directory): Promise<Login> {
  const { homeserver, user, device } = directory.settings;
  const key = await readKey(directory, 'crypto-key');
  const save = (next: Session) => replaceSealed(directory.statePath, key, next);
  return { homeserver, user, device, session: await readSession(directory), save };
}
