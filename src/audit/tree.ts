/**
 * The Merkle tree of RFC 6962, section 2.1, as far as a log that only grows needs it: the hashes of
 * the complete subtrees, largest first, from which the root follows.
 */
import { sha256 } from '../base/bytes.ts';

const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);

export const hashLeaf = (data: Uint8Array): Uint8Array => sha256(LEAF, data);
const hashNode = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right);

export class Tree {
  readonly #subtrees: Uint8Array[] = [];
  #size = 0;

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Appends the leaf with this hash. */
  append(leaf: Uint8Array): void {
    let hash = leaf;
    // Each trailing one bit of the size is a complete subtree as large as the one being carried.
    for (let n = this.#size; n % 2 === 1; n = Math.floor(n / 2)) {
      const left = this.#subtrees.pop();
      if (left) hash = hashNode(left, hash);
    }
    this.#subtrees.push(hash);
    this.#size++;
  }

  /** The root, 32 bytes; of an empty tree, the hash of nothing. */
  root(): Uint8Array {
    const root = this.#subtrees.reduceRight<Uint8Array | undefined>(
      (right, left) => (right ? hashNode(left, right) : left),
      undefined,
    );
    return root ?? sha256();
  }
}
