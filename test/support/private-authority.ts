/** A certificate authority of our own, and servers that it vouches for. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** Its certificate, PEM. */
  readonly path: string;
  issue(name: string): Issued;
}

export function openAuthority(folder: string): Authority {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const keyed = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    ...['req', '-x509', ...keyed, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2'],
    ...['-subj', '/CN=Of these tests', '-addext', 'basicConstraints=critical,CA:TRUE'],
  );
  return {
    path: join(folder, 'ca.pem'),
    issue(name) {
      writeFileSync(join(folder, 'names'), `subjectAltName=DNS:${name}\n`);
      openssl('req', ...keyed, '-keyout', `${name}.key`, '-out', 'request', '-subj', `/CN=${name}`);
      openssl(
        ...['x509', '-req', '-in', 'request', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '2'],
        ...['-CAcreateserial', '-extfile', 'names', '-out', `${name}.pem`],
      );
      const read = (file: string) => readFileSync(join(folder, file), 'utf8');
      return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
    },
  };
}
