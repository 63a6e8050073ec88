/** What the crate wants sent to the homeserver, as plain HTTP. */
import * as wasm from '@matrix-org/matrix-sdk-crypto-wasm';
import { Fatal } from '../../base/errors.ts';

/** A request that the crate wants sent to the homeserver. */
export interface KeyRequest {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: string;
}

export interface Outgoing {
  readonly id: string | undefined;
  readonly type: wasm.RequestType;
  readonly body: string;
  readonly event_type?: string;
  readonly txn_id?: string;
}

const V3 = '/_matrix/client/v3';

export function describeRequest({ type, body, event_type, txn_id }: Outgoing): KeyRequest {
  const post = (path: string): KeyRequest => ({ method: 'POST', path: `${V3}${path}`, body });
  switch (type) {
    case wasm.RequestType.KeysUpload:
      return post('/keys/upload');
    case wasm.RequestType.KeysQuery:
      return post('/keys/query');
    case wasm.RequestType.KeysClaim:
      return post('/keys/claim');
    case wasm.RequestType.SignatureUpload:
      return post('/keys/signatures/upload');
    case wasm.RequestType.ToDevice: {
      const parts = [event_type ?? '', txn_id ?? ''].map(encodeURIComponent);
      return { method: 'PUT', path: `${V3}/sendToDevice/${parts.join('/')}`, body };
    }
    default:
      throw new Fatal('crypto_store_failed', `unexpected crypto request ${wasm.RequestType[type]}`);
  }
}
