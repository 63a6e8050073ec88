/**
 * Finds the homeserver: a URL that answers, or the address in the server's `.well-known` file (Matrix,
 * "Well-known URI"). No token is sent, so redirects are followed. Addresses have to be https, or on this
 * machine.
 */
import { Fault } from '../../base/errors.ts';
import { fieldsOf, text } from '../events.ts';
import { parseWebAddress } from '../web-address.ts';

const TIMEOUT_MS = 30_000;

/**
 * `named` is a URL or the name of a server. Resolves with a base URL that a homeserver answers at. Throws
 * Fault `homeserver_unreachable`.
 */
export async function findHomeserver(named: string): Promise<string> {
  const given = parseWebAddress(/^https?:\/\//i.test(named) ? named : `https://${named}`);
  if (!given)
    throw new Fault(
      'usage',
      `--homeserver: ${JSON.stringify(named)} is neither a URL that begins with https:// nor the name of a server`,
    );
  const tried: string[] = [];
  const isHomeserver = async (url: string): Promise<boolean> => {
    const answer = await fetchJson(`${url}/_matrix/client/versions`).catch((error: unknown) => {
      tried.push(`${url}: ${error instanceof Error ? reasonOf(error) : String(error)}`);
      return undefined;
    });
    return Array.isArray(fieldsOf(answer)['versions']);
  };
  const direct = baseOf(given);
  if (await isHomeserver(direct)) return direct;
  const wellKnown = `${given.origin}/.well-known/matrix/client`;
  const answer = await fetchJson(wellKnown).catch(() => undefined);
  const said = fieldsOf(fieldsOf(answer)['m.homeserver'])['base_url'];
  const delegated = parseWebAddress(said);
  if (delegated && (await isHomeserver(baseOf(delegated)))) return baseOf(delegated);
  if (said !== undefined && !delegated)
    tried.push(`${wellKnown}: it names ${JSON.stringify(text(said))}, which is not https`);
  throw new Fault(
    'homeserver_unreachable',
    [`no homeserver answers for ${named}`, ...tried.map((one) => `  ${one}`)].join('\n'),
  );
}

const baseOf = (url: URL): string => `${url.origin}${url.pathname}`.replace(/\/+$/, '');

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`status ${response.status}`);
  // Some servers hand the well-known file out as plain text.
  return JSON.parse(body) as unknown;
}

/** fetch hides the reason of a failure in the cause. */
const reasonOf = (error: Error): string =>
  error.cause instanceof Error ? error.cause.message : error.message;
