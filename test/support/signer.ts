/** Two logs' keys that are always the same. */
import type { Signer } from '../../src/audit/note.ts';
import { readSigningKey } from '../../src/store/keys.ts';

export const SIGNING_KEY =
  'PRIVATE+KEY+test.example/log+3bfe53c7+AZywMJi4C8X5U7ECH+yfoVujE4aTQ17uPDPKWiSYQryN';

export const signer: Signer = readSigningKey(SIGNING_KEY);

/** Of the same name, and not the same key. */
export const otherSigner: Signer = readSigningKey(
  'PRIVATE+KEY+test.example/log+bb0158ff+AQv4HkvKePv6E09gPk4Gvqpjo1mNMsA7F0wI+HqyZ6gI',
);
