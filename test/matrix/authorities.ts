/** Certificates are checked always; a private authority is one more that can vouch for a server. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { trustAlso } from '../../src/matrix/authorities.ts';
import { openHttp } from '../../src/matrix/http.ts';
import { type Issued, openAuthority } from '../support/private-authority.ts';

async function serve(t: Test, issued: Issued): Promise<string> {
  const server = createServer(issued, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"versions":[]}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

const ask = (baseUrl: string) => {
  const http = openHttp({ baseUrl, signal: new AbortController().signal });
  return http({ method: 'GET', path: '/_matrix/client/versions', once: true });
};

t.test('only what an authority that is trusted vouches for is talked to', async (t) => {
  const folder = t.testdir({ other: {} });
  const ours = openAuthority(folder);
  const good = await serve(t, ours.issue('localhost'));
  const misnamed = await serve(t, ours.issue('elsewhere.example'));
  const foreign = await serve(t, openAuthority(join(folder, 'other')).issue('localhost'));
  const untrusted = { code: /^homeserver_unreachable$/ };
  await t.rejects(ask(good), untrusted);
  await trustAlso(ours.path);
  t.strictSame(await ask(good), { versions: [] });
  await t.rejects(ask(misnamed), untrusted);
  await t.rejects(ask(foreign), untrusted);
});

t.test('a file that names no authority is refused, with its name', async (t) => {
  const folder = t.testdir({
    empty: '',
    damaged: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n',
  });
  const { cert } = openAuthority(folder).issue('localhost');
  writeFileSync(join(folder, 'leaf'), cert);
  const problems = {
    none: 'cannot read the ca_file ',
    empty: ' holds no certificate: ca_file is a PEM file',
    damaged: 'a certificate in  is damaged',
    leaf: " holds a certificate that is not an authority's: name the authority that issued the server's certificate",
  };
  for (const [name, problem] of Object.entries(problems)) {
    const path = join(folder, name);
    const error = await trustAlso(path).then(
      () => undefined,
      (found: unknown) => found,
    );
    t.hasStrict(error, { code: 'config_invalid' });
    t.equal(error instanceof Error && error.message.replace(path, ''), problem);
  }
});
