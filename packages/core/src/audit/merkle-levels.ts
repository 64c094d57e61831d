import { nodeHash } from './merkle-tree.js';
import type { Sha256 } from './sha256.js';

/** A Merkle tree (RFC 9162 §2.1.1) that is kept whole, for many proofs: about 64 bytes for each leaf. */
export class MerkleLevels {
  /** @param leaves - their hashes. */
  constructor(sha256: Sha256, leaves: readonly Uint8Array[]) {
    this.levels = [leaves];
    for (let level = leaves; level.length > 1;) {
      const above: Uint8Array[] = [];
      for (let i = 0; i < level.length; i += 2) {
        const [left, right] = [level[i], level[i + 1]];
        if (left) {
          // An odd last one is its own parent, which gives the tree of the RFC for any number of leaves.
          above.push(right ? nodeHash(sha256, left, right) : left);
        }
      }
      this.levels.push(above);
      level = above;
    }
  }

  /** The same as `inclusionProof`. @throws RangeError when there is no such leaf. */
  proof(index: number): readonly Uint8Array[] {
    const size = this.levels[0]?.length ?? 0;
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new RangeError(`There is no leaf ${index}: there are ${size}.`);
    }
    const proof: Uint8Array[] = [];
    let at = index;
    for (const level of this.levels) {
      const sibling = level[at % 2 === 0 ? at + 1 : at - 1];
      if (sibling) {
        proof.push(sibling);
      }
      at = Math.floor(at / 2);
    }
    return proof;
  }

  private readonly levels: (readonly Uint8Array[])[];
}
