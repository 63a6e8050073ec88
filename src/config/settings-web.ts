/**
 * The part `web:` of vaktrom.yaml: where the page for passkeys is served, and under which name. JSON
 * Schema cannot say that rp_id belongs to origin, nor how the URL parser rewrites a host.
 */
import { z } from 'zod';
import { numbersTo } from './number-pattern.ts';

const PORT = numbersTo(65_535);
const LISTEN = new RegExp(`^(?:\\[([0-9A-Fa-f:.]+)\\]|([A-Za-z0-9.-]+)):0*(${PORT})$`);
/** As the URL parser writes an origin: lower case, and no port that the scheme implies. */
const ORIGIN = new RegExp(
  `^(?!https:.*:443$|http:.*:80$)[a-z]+://(?:\\[[0-9a-f:.]+\\]|[a-z0-9._-]+)(?::${PORT})?$`,
);
const NOT_AN_ORIGIN =
  'must be an origin such as https://ops.example.org: no path, no slash at the end';

const origin = z
  .string()
  .regex(ORIGIN, { error: NOT_AN_ORIGIN, abort: true })
  // Browsers offer passkeys to https, and to http on this very machine (W3C Secure Contexts, 3.1).
  .regex(/^(?:https:|http:\/\/(?:[^:/]*\.)?localhost(?::|$))/, {
    error: 'must begin with https://; http:// is for localhost only',
    abort: true,
  })
  .refine((text) => URL.parse(text)?.origin === text, { error: NOT_AN_ORIGIN, abort: true })
  .describe('where browsers find the page, https://ops.example.org; a proxy there ends TLS');

const rpId = z
  .string()
  .min(1, { abort: true })
  // WebAuthn 5.1.3: a relying party is a domain, never an address, never a whole top-level domain.
  .regex(/^(?![0-9.]+$)[a-z0-9._-]+$/, {
    error: 'must be a domain name: passkeys do not work on an address',
    abort: true,
  })
  .regex(/\.|^localhost$/, 'must not be a top-level domain')
  .describe('domain that the passkeys belong to for good: the host of origin, or a parent');

export const webSchema = z
  .strictObject({
    listen: z
      .string()
      .regex(LISTEN, 'must be an address and a port, such as 127.0.0.1:8480 or [::1]:8480')
      .describe('address and port to listen on, 127.0.0.1:8480'),
    origin,
    rp_id: rpId,
  })
  .superRefine(({ origin, rp_id }, context) => {
    const host = new URL(origin).hostname;
    if (host !== rp_id && !host.endsWith(`.${rp_id}`))
      context.addIssue({
        code: 'custom',
        path: ['rp_id'],
        message: `must be ${host} or a parent domain of it, as passkeys demand`,
      });
  })
  .describe('the page for passkeys; without it nothing listens and no passkey can be used');

/** Of a `listen` that the schema has accepted. */
export function listenAddress(text: string): { readonly host: string; readonly port: number } {
  const [, six, host = '', port = ''] = LISTEN.exec(text) ?? [];
  return { host: six ?? host, port: Number(port) };
}
