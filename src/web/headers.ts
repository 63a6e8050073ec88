/** What every response carries, and which requests are heard at all. */
import { createHash } from 'node:crypto';
import type { Assets } from './page.ts';

const cspHash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing is loaded from anywhere: the one style and the one script are in the page, known by hash. */
export function headersFor(origin: string, { style, script }: Assets): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${cspHash(script)}`,
    `style-src ${cspHash(style)}`,
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'publickey-credentials-create=(self), publickey-credentials-get=(self)',
    // The address of the page is a key to it.
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex',
    ...(origin.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

export interface Refused {
  readonly status: 403 | 415 | 421;
  readonly error: string;
}

/**
 * Why a request is not heard; undefined when it is. Names of our own only, against DNS rebinding; and
 * nothing is done on behalf of another site's page, which cannot lie about either header.
 */
export function refusalOf(
  method: string,
  header: (name: string) => string | undefined,
  origin: string,
): Refused | undefined {
  if (header('host') !== new URL(origin).host)
    return { status: 421, error: 'This is not the address that Vaktrom is configured for.' };
  if (method !== 'POST') return undefined;
  const site = header('sec-fetch-site');
  if (header('origin') !== origin || (site !== undefined && site !== 'same-origin'))
    return { status: 403, error: 'This was not sent by the page itself.' };
  if (header('content-type') !== 'application/json')
    return { status: 415, error: 'This is not what the page sends.' };
  return undefined;
}
