/** A command that talks to the homeserver as the bot, beside the daemon or without it. */
import type { Directory } from '../config/directory.ts';
import { fileNames } from '../daemon.ts';
import { openVisitingBearer } from '../kept-session.ts';
import { trustAlso } from '../matrix/authorities.ts';
import { type Http, isSignedOut, openHttp } from '../matrix/http.ts';
import { signedOut } from '../matrix/session.ts';
import { asOwnerOf } from './owner.ts';

/** Everything has to be done within that time. Throws Fatal `signed_out`. */
export async function openOnline(directory: Directory, timeoutMs: number): Promise<Http> {
  const { settings, statePath, caPath } = directory;
  if (caPath !== undefined) await trustAlso(caPath);
  const signal = AbortSignal.timeout(timeoutMs);
  const token = await openVisitingBearer(directory, {
    cryptoStore: fileNames.cryptoStore(statePath),
    asDaemon: (work) => asOwnerOf(statePath, work),
    signal,
  });
  const http = openHttp({ baseUrl: settings.homeserver, token, signal });
  return (request) =>
    http(request).catch((error: unknown) => {
      throw isSignedOut(error) ? signedOut(error) : error;
    });
}
