/** Checkpoints, C2SP tlog-checkpoint.md: which log, how many entries, and the root over them. */
import { fromBase64, toBase64 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';

export interface Checkpoint {
  readonly origin: string;
  /** Number of entries covered. */
  readonly size: number;
  /** RFC 6962 root over them, 32 bytes. */
  readonly root: Uint8Array;
}

export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

/** The text of a note; extension lines are refused, since nothing here would know their meaning. */
export function parseCheckpoint(text: string): Result<Checkpoint, string> {
  const [origin = '', digits = '', base64 = '', end, ...more] = text.split('\n');
  const root = fromBase64(base64);
  if (origin === '' || end !== '' || more.length > 0) return err('is not a checkpoint');
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(digits)) return err('has no size');
  if (root?.length !== 32) return err('has no root hash');
  return ok({ origin, size: Number(digits), root });
}
