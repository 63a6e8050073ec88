/** Requests and replies as routes and hooks see them. */
import type { Json } from '../../base/bytes.ts';

export interface Request {
  readonly method: string;
  /** Without the query, percent-encoded as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
  /** Aborted when the client has gone or the server closes. */
  readonly signal: AbortSignal;
}

/** Bytes are sent as they are, everything else as JSON. */
export class Reply {
  readonly status: number;
  readonly body: Json | Uint8Array;
  readonly contentType: string;
  constructor(status: number, body: Json | Uint8Array, contentType = 'application/json') {
    this.status = status;
    this.body = body;
    this.contentType = contentType;
  }
}
