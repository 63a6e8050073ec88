/** What can be asked at the control socket: a name, and who answers it. */
import type { Space } from '../ports.ts';
import { EXIT } from './exit.ts';
import type { Peer } from './peer.ts';
import { isHost } from './proof.ts';

/** Resolves with the exit code for the client: 0 to 255. */
export type Verb = (peer: Peer, fields: Readonly<Record<string, string>>) => Promise<number>;

export type Verbs = Readonly<Record<string, Verb>>;

/** Only for whoever has the host anyway: root, and the user that the daemon runs as. */
export const forTheHost =
  (verb: Verb): Verb =>
  async (peer, fields) => {
    if (isHost(peer.uid)) return verb(peer, fields);
    peer.note('This is for root, or for the user that the daemon runs as.');
    return 1;
  };

/** For verbs that lead to entries: refuses them while the disk is full. */
export const onRecord =
  (space: Space, verb: Verb): Verb =>
  async (peer, fields) => {
    if (await space.hasRoom()) return verb(peer, fields);
    peer.note(
      'The disk is full, so this could not be recorded and was not done. Free some space, then try again.',
    );
    return EXIT.refused;
  };
