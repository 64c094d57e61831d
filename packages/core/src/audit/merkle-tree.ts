import type { Sha256 } from './sha256.js';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of a leaf: SHA-256(0x00 ‖ data), RFC 9162 §2.1.1. */
export function leafHash(sha256: Sha256, data: Uint8Array): Uint8Array {
  return sha256(LEAF, data);
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right), RFC 9162 §2.1.1. */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE, left, right);
}

/**
 * Root of a Merkle tree (RFC 9162 §2.1.1) of leaves that come one after the other. Holds one hash for each bit of their
 * number, whatever that is.
 */
export class MerkleRoot {
  constructor(private readonly sha256: Sha256) {}

  /** Number of leaves so far. */
  get size(): number {
    return this.count;
  }

  /** @param leaf - its hash, 32 bytes. */
  add(leaf: Uint8Array): void {
    let hash = leaf;
    // Complete subtrees of equal size become one: as a carry runs through the bits of a counter.
    for (let bits = this.count; bits % 2 === 1; bits = Math.floor(bits / 2)) {
      const left = this.complete.pop();
      if (left) {
        hash = nodeHash(this.sha256, left, hash);
      }
    }
    this.complete.push(hash);
    this.count += 1;
  }

  /** Of what was added so far; that of no leaves is the hash of nothing. */
  root(): Uint8Array {
    const [last, ...before] = [...this.complete].reverse();
    return last === undefined
      ? this.sha256()
      : before.reduce((right, left) => nodeHash(this.sha256, left, right), last);
  }

  private readonly complete: Uint8Array[] = [];
  private count = 0;
}

/** Root of the tree over these leaves' hashes. */
export function merkleRoot(sha256: Sha256, leaves: readonly Uint8Array[]): Uint8Array {
  const root = new MerkleRoot(sha256);
  leaves.forEach(leaf => root.add(leaf));
  return root.root();
}

/**
 * The hashes that lead from one leaf to the root (RFC 9162 §2.1.3.1), those nearest to the leaf first.
 *
 * @param index - of the leaf, 0 is the first.
 * @throws RangeError when there is no such leaf.
 */
export function inclusionProof(sha256: Sha256, leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`There is no leaf ${index}: there are ${leaves.length}.`);
  }
  const proof: Uint8Array[] = [];
  let level = leaves;
  let at = index;
  while (level.length > 1) {
    const sibling = level[at % 2 === 0 ? at + 1 : at - 1];
    if (sibling) {
      proof.push(sibling);
    }
    level = nextLevel(sha256, level);
    at = Math.floor(at / 2);
  }
  return proof;
}

/** Pairs become their parents; an odd last one is its own, which gives the tree of RFC 9162 for any number of leaves. */
function nextLevel(sha256: Sha256, level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const [left, right] = [level[i], level[i + 1]];
    if (left) {
      above.push(right ? nodeHash(sha256, left, right) : left);
    }
  }
  return above;
}

/**
 * The root that a proof leads to (RFC 9162 §2.1.3.2); null = it is no proof for a tree of this size.
 *
 * @param leaf - its hash.
 * @param index - of the leaf, 0 is the first.
 * @param size - leaves of the tree.
 */
export function rootOfProof(
  sha256: Sha256,
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[]
): Uint8Array | null {
  if (!Number.isInteger(index) || !Number.isInteger(size) || index < 0 || index >= size) {
    return null;
  }
  let hash = leaf;
  let at = index;
  let last = size - 1;
  let used = 0;
  while (last > 0) {
    // An odd last node has no sibling on this level.
    if (at !== last || at % 2 === 1) {
      const sibling = proof[used];
      if (!sibling) {
        return null;
      }
      used += 1;
      hash = at % 2 === 1 ? nodeHash(sha256, sibling, hash) : nodeHash(sha256, hash, sibling);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return used === proof.length ? hash : null;
}
