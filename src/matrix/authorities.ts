/**
 * A private certificate authority, trusted beside the public ones by every connection that this process
 * makes: to the homeserver, and to who signs it in. Certificates are always checked; nothing turns that off.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { Fault } from '../base/errors.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Throws Fault `config_invalid` when the file holds no certificate, or something else. */
export async function trustAlso(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('config_invalid', `cannot read the ca_file ${path}`, cause);
  });
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0)
    throw new Fault('config_invalid', `${path} holds no certificate: ca_file is a PEM file`);
  for (const pem of found) check(pem, path);
  tls.setDefaultCACertificates([...new Set([...tls.getCACertificates('default'), ...found])]);
}

function check(pem: string, path: string): void {
  try {
    if (new X509Certificate(pem).ca) return;
  } catch (cause) {
    throw new Fault('config_invalid', `a certificate in ${path} is damaged`, cause);
  }
  throw new Fault(
    'config_invalid',
    `${path} holds a certificate that is not an authority's: name the authority that issued the server's certificate`,
  );
}
