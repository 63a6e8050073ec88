/** Media: up by anybody signed in, down by anybody signed in, and by nobody else. */
import type { Test } from 'tap';
import { textAt } from '../../../src/demo/homeserver/json.ts';
import { ask, newDevice, refused, type ServerUnderTest } from '../raw.ts';

const UPLOAD = 'POST /_matrix/media/v3/upload';
const DOWNLOAD = '/_matrix/client/v1/media/download';

export async function testMedia(t: Test, server: ServerUnderTest): Promise<void> {
  const { token } = await newDevice(server);
  const other = await newDevice(server);
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const upload = await ask(server, UPLOAD, { token, bytes });
  const [, name] =
    /^mxc:\/\/(localhost\/[^/]+)$/.exec(textAt(upload.body, 'content_uri') ?? '') ?? [];

  await t.test('what was uploaded comes down again, byte for byte', async (t) => {
    const response = await fetch(`${server.baseUrl}${DOWNLOAD}/${name}?allow_remote=true`, {
      headers: { authorization: `Bearer ${other.token}` },
    });
    t.equal(response.status, 200);
    t.same(new Uint8Array(await response.arrayBuffer()), bytes);
  });

  await t.test('who is not signed in gets nothing', async (t) => {
    const missing = { status: 401, errcode: 'M_MISSING_TOKEN' };
    refused(t, await ask(server, UPLOAD, { bytes }), missing);
    refused(t, await ask(server, `GET ${DOWNLOAD}/${name}`), missing);
  });

  await t.test('the old, open address serves nothing', async (t) => {
    const notFound = { status: 404, errcode: 'M_NOT_FOUND' };
    refused(t, await ask(server, `GET /_matrix/media/v3/download/${name}`, { token }), notFound);
    refused(t, await ask(server, `GET ${DOWNLOAD}/localhost/none`, { token }), notFound);
  });
}
