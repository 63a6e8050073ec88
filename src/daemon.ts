/**
 * The daemon's life: everything is opened in order, then it is ready, then it listens until it is
 * told to stop, and everything is closed in reverse. The one place, with init, where parts are put
 * together.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { History } from './audit/history.ts';
import { describeError, Fatal, Fault } from './base/errors.ts';
import { openCards } from './cards.ts';
import { type Directory, readKey, readPolicy, readSecret } from './config/directory.ts';
import { openMatrix } from './matrix/connect.ts';
import { openIndexedDb } from './matrix/indexeddb/open.ts';
import { COLUMNS, ROWS } from './output/screen.ts';
import { openPipeline } from './pipeline.ts';
import type { Policy } from './policy/model.ts';
import type { Log } from './ports.ts';
import { openRefusals } from './refusals.ts';
import { openRequests } from './requests.ts';
import { openSandbox } from './sandbox/launch.ts';
import { probeSandbox } from './sandbox/probe.ts';
import { readSigningKey } from './store/keys.ts';
import { openLedger } from './store/ledger.ts';
import { openState } from './store/state.ts';
import { systemClock as clock } from './system/clock.ts';
import type { Register } from './trust/judge.ts';
import { VERSION } from './version.ts';
import { openVoice } from './voice.ts';

export interface Daemon extends AsyncDisposable {
  /** Resolves once the first sync is done. */
  readonly ready: Promise<void>;
  /** Rejects when the daemon can no longer be trusted to go on; never resolves. */
  readonly failed: Promise<never>;
  /** Reads the policy file anew; a bad one is recorded and the old one stays. */
  reloadPolicy(): Promise<void>;
  /** Stops what runs, waits until its end is on record and said, and records the shutdown. */
  drain(reason: string): Promise<void>;
}

export const fileNames = {
  cryptoStore: (statePath: string) => join(statePath, 'crypto', 'crypto.db'),
  audit: (statePath: string) => join(statePath, 'audit'),
  state: (statePath: string) => join(statePath, 'state.json'),
};

export async function openDaemon(directory: Directory, log: Log): Promise<Daemon> {
  const { settings, statePath } = directory;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // whoever awaits `failed` is told; nobody has to
  const onFatal = (error: unknown): void => failure.reject(error);

  let { policy } = await readPolicy(directory.policyPath);
  let register = registerOf(policy, settings.user);

  await using opening = new AsyncDisposableStack();
  // First, since it is locked: a second daemon on the same directory ends here.
  const storeFile = fileNames.cryptoStore(statePath);
  opening.use(await openIndexedDb({ file: storeFile, onFatal }));
  const state = await openState(fileNames.state(statePath));
  const history = new History();
  const ledger = opening.use(
    await openLedger({
      directory: fileNames.audit(statePath),
      signer: readSigningKey(await readSecret(directory, 'audit-key')),
      boot: randomBytes(6).toString('hex'),
      now: clock.now,
      onEntry: (entry) => history.note(entry),
    }),
  );
  const hidden = [directory.root, directory.secretsPath, statePath];
  const proven = proveSandbox(hidden);
  proven.catch(() => {}); // awaited below, if nothing else fails first
  const sandbox = opening.use(openSandbox({ size: { columns: COLUMNS, rows: ROWS }, hidden }));
  const matrix = opening.use(
    await openMatrix({
      login: {
        homeserver: settings.homeserver,
        user: settings.user,
        device: settings.device,
        token: await readSecret(directory, 'access-token'),
      },
      storeKey: await readKey(directory, 'crypto-key'),
      register: () => register,
      clock,
      log,
    }),
  );

  if ((await matrix.crypto.ownIdentity()) === undefined)
    throw new Fatal('identity_lost', 'the crypto store has no cross-signing identity of the bot');

  const { chat } = matrix;
  const voice = openVoice(chat, log);
  const onFailure = (error: unknown) => log.warn({ error }, 'a card was not updated');
  const cards = openCards({ chat, state, clock, onFailure });
  const requests = openRequests({
    ...{ ledger, state, cards, sandbox, history, clock, log, onFatal },
    policy: () => policy,
  });
  const refuse = openRefusals({
    ...{ ledger, history, clock },
    say: (sighting, text) => voice.say(sighting, [{ kind: 'line', spans: [text] }]),
  });
  const hear = openPipeline({
    ...{ ledger, history, requests, refuse, voice, clock, log },
    policy: () => policy,
    register: () => register,
    nonce: () => randomBytes(16).toString('hex'),
    version: VERSION,
  });

  await proven;
  await ledger.append({ type: 'boot', version: VERSION, policy: policy.sha256 });
  await requests.recover();
  const ready = Promise.withResolvers<void>();
  let saving = Promise.resolve();
  matrix.listen({
    hear,
    loadPosition: state.syncToken,
    savePosition(token) {
      // In order, and not before what the events up to here are answered with is in the room.
      saving = saving.then(voice.settled).then(() => state.saveSyncToken(token));
      saving.catch(onFatal);
    },
    // The very first position is on disk before we are ready: from then on, what is said while we are
    // away is answered when we come back.
    onReady: () =>
      void (state.syncToken() === undefined ? saving : Promise.resolve()).then(ready.resolve),
    onFatal,
  });

  const open = opening.move();
  return {
    ready: ready.promise,
    failed: failure.promise,
    async reloadPolicy() {
      try {
        policy = (await readPolicy(directory.policyPath)).policy;
        register = registerOf(policy, settings.user);
        await ledger.append({ type: 'policy.loaded', policy: policy.sha256 });
        log.info({ policy: policy.sha256 }, 'policy loaded');
      } catch (error) {
        const problem = describeError(error).slice(0, 4000).toWellFormed();
        log.error({ problem }, 'the new policy is not valid; the old one stays');
        await ledger.append({ type: 'policy.rejected', policy: policy.sha256, problem });
      }
    },
    async drain(reason) {
      await requests.stopAll();
      await voice.settled();
      await ledger.append({ type: 'shutdown', reason });
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** No sandbox, no run, hence no daemon: each wall is tried before the first command is heard. */
async function proveSandbox(hidden: readonly string[]): Promise<void> {
  const broken = (await probeSandbox(hidden)).filter(({ ok }) => !ok);
  if (broken.length === 0) return;
  const list = broken.map(({ name, detail }) => `  not so: ${name} (${detail})`).join('\n');
  throw new Fault('sandbox_unavailable', `the sandbox does not hold; see vaktrom doctor:\n${list}`);
}

function registerOf(policy: Policy, bot: Register['bot']): Register {
  const people = [...policy.people.values()];
  return {
    accounts: new Map(
      people.flatMap(({ name, accounts }) =>
        accounts.map(({ id, identity }) => [id, { person: name, identity }] as const),
      ),
    ),
    rooms: new Map([...policy.rooms.values()].map(({ id, name }) => [id, name])),
    bot,
    botNames: [bot, bot.slice(1, bot.indexOf(':')), 'Vaktrom', 'vaktrom'],
  };
}
