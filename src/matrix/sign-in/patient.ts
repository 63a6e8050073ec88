/** Requests while a person waits: a homeserver that is busy is asked again, for a while, and they are told. */
import { type Bearer, type Http, openHttp } from '../http.ts';
import type { Guide } from './guide.ts';

const PATIENCE_MS = 120_000;
/** Shorter waits are not reported. */
const WORTH_TELLING_MS = 2000;

export interface PatientOptions {
  readonly homeserver: string;
  readonly token?: string | Bearer;
  readonly guide: Guide;
  readonly signal: AbortSignal;
}

export function openPatient({ homeserver, token, guide, signal }: PatientOptions): Http {
  const onRetry = (why: string, delayMs: number): void => {
    if (delayMs >= WORTH_TELLING_MS)
      guide.tell(`${why}; trying again in ${Math.ceil(delayMs / 1000)} s`);
  };
  const http = openHttp({ baseUrl: homeserver, token, signal, onRetry });
  return (request) => http({ patienceMs: PATIENCE_MS, ...request });
}
