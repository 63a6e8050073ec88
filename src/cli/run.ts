/** `vaktrom run`: the daemon in the foreground, for a terminal or for systemd. */
import { describeError, Fatal, needsPerson } from '../base/errors.ts';
import { openDirectory } from '../config/directory.ts';
import { openDaemon } from '../daemon.ts';
import { systemClock as clock } from '../system/clock.ts';
import { startHeartbeat } from '../system/heartbeat.ts';
import { openJournal } from '../system/journal.ts';
import { openSupervisor } from '../system/supervisor.ts';
import { exitCodeOfDaemon, explainError, type Io } from './io.ts';

/** Longest that a shutdown waits for runs to end and for the room to be told. */
const DRAIN_LIMIT_MS = 25_000;

/** Never rejects: resolves with the exit code. */
export const run = (root: string, io: Io): Promise<number> =>
  serve(root, io).catch((error: unknown) => {
    io.err(explainError(error));
    return exitCodeOfDaemon(error);
  });

async function serve(root: string, io: Io): Promise<number> {
  const log = openJournal();
  const supervisor = openSupervisor(log);
  const signal = Promise.withResolvers<NodeJS.Signals>();
  let signedOut: Fatal | undefined;
  process.once('SIGTERM', signal.resolve);
  process.once('SIGINT', signal.resolve);
  // A panic of the crypto library surfaces here; it must never be lived through.
  const crash = (error: unknown): never => {
    const what = needsPerson(error)
      ? 'stopped; this has to be mended before I am started again'
      : 'crashed; the supervisor has to start me again';
    log.error({ error: describeError(error) }, what);
    process.exit(exitCodeOfDaemon(error));
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  await using daemon = await openDaemon(await openDirectory(root), log);
  // Of service from here on, to the host's own users at least: a homeserver that is down is waited for.
  void supervisor.tell({ ready: true, status: await daemon.status() });
  const { parts, status } = daemon;
  using _heartbeat = startHeartbeat({ supervisor, parts, status, clock, log });
  process.on('SIGHUP', () => void daemon.reloadPolicy().catch(crash));
  daemon.failed.catch((error: unknown) => {
    if (!(error instanceof Fatal && error.code === 'signed_out')) return crash(error);
    signedOut = error;
    return signal.resolve('SIGTERM');
  });
  const started = await Promise.race([daemon.ready.then(() => true), signal.promise]);
  if (started === true) {
    io.out('ready');
    void supervisor.tell({ status: await daemon.status() });
  }
  const received = await signal.promise;
  const reason = signedOut ? signedOut.code : received;
  log.info({ reason }, 'shutting down');
  void supervisor.tell({ stopping: true, status: `shutting down: ${reason}` });
  const limit = setTimeout(() => crash(new Error('the shutdown took too long')), DRAIN_LIMIT_MS);
  await daemon.drain(reason);
  clearTimeout(limit);
  if (signedOut) throw signedOut;
  return 0;
}
