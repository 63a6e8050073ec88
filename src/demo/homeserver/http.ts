/** node:http on the loopback interface: reads a whole request, bounded, and writes a reply. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { MAX_UPLOAD_BYTES } from './media.ts';
import { Reply, type Request } from './request.ts';

export type Answer = (request: Request) => Promise<Reply>;

export interface Listener extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

/** `port` 0: any free one. Rejects when the port is taken. Closing drops open connections. */
export async function openListener(port: number, answer: Answer): Promise<Listener> {
  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing, answer));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const taken = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${taken}`,
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer) {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  outgoing.on('error', () => gone.abort());
  try {
    const body = await readBody(incoming);
    const reply = body ? await answer(parseRequest(incoming, body, gone.signal)) : TOO_LARGE;
    writeReply(outgoing, reply);
  } catch {
    // The client broke off, or a hook failed on purpose: both look like a lost connection.
    outgoing.destroy();
  }
}

const TOO_LARGE = new Reply(413, { errcode: 'M_TOO_LARGE', error: 'Request is too large' });

/** Undefined if there is more than an upload may have. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length <= MAX_UPLOAD_BYTES) chunks.push(chunk);
  }
  return length <= MAX_UPLOAD_BYTES ? Buffer.concat(chunks) : undefined;
}

function parseRequest(incoming: IncomingMessage, body: Uint8Array, signal: AbortSignal): Request {
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(incoming.url ?? '') ?? [];
  const { authorization = '', 'content-type': contentType } = incoming.headers;
  return {
    method: incoming.method ?? '',
    path,
    query: new URLSearchParams(query),
    token: /^Bearer (.+)$/.exec(authorization)?.[1],
    contentType,
    body,
    signal,
  };
}

function writeReply(outgoing: ServerResponse, { status, body, contentType }: Reply): void {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  outgoing.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
  outgoing.end(bytes);
}
