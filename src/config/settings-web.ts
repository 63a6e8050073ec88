/** The part `web:` of vaktrom.yaml: where the page for passkeys is served, and under which name. */
import { z } from 'zod';
import { err, ok, type Result } from '../base/result.ts';
import { parsedBy } from './parsed-by.ts';

export const webSchema = z
  .strictObject({
    listen: parsedBy(parseListen, 'address and port to listen on, 127.0.0.1:8480'),
    origin: parsedBy(
      parseOrigin,
      'where browsers find the page, https://ops.example.org; a proxy there ends TLS',
    ),
    rp_id: z
      .string()
      .min(1)
      .describe('domain that the passkeys belong to for good: the host of origin, or a parent'),
  })
  .superRefine(({ origin, rp_id }, context) => {
    const fault = faultOfRpId(rp_id, new URL(origin).hostname);
    if (fault !== undefined) context.addIssue({ code: 'custom', path: ['rp_id'], message: fault });
  })
  .describe('the page for passkeys; without it nothing listens and no passkey can be used');

const LISTEN = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/;

function parseListen(text: string): Result<string, string> {
  const [, , , port = ''] = LISTEN.exec(text) ?? [];
  return port !== '' && Number(port) >= 1 && Number(port) <= 65_535
    ? ok(text)
    : err('must be an address and a port, such as 127.0.0.1:8480 or [::1]:8480');
}

/** Of what `parseListen` has accepted. */
export function listenAddress(text: string): { readonly host: string; readonly port: number } {
  const [, six, host = '', port = ''] = LISTEN.exec(text) ?? [];
  return { host: six ?? host, port: Number(port) };
}

/** Browsers offer passkeys to https, and to http on this very machine (W3C Secure Contexts, 3.1). */
function parseOrigin(text: string): Result<string, string> {
  const url = URL.parse(text);
  if (!url || url.origin !== text)
    return err('must be an origin such as https://ops.example.org: no path, no slash at the end');
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocalhost(url.hostname)))
    return ok(text);
  return err('must begin with https://; http:// is for localhost only');
}

const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

function faultOfRpId(id: string, host: string): string | undefined {
  if (host !== id && !host.endsWith(`.${id}`))
    return `must be ${host} or a parent domain of it, as passkeys demand`;
  // WebAuthn 5.1.3: a relying party is a domain, never an address, never a whole top-level domain.
  if (/^[0-9.]+$|:/.test(id)) return 'must be a domain name: passkeys do not work on an address';
  return id.includes('.') || isLocalhost(id) ? undefined : 'must not be a top-level domain';
}
