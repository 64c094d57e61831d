import type { SignedDigest } from '@labkeeper/protocol';
import { leafHash, MerkleRoot, rootOfProof } from '../merkle-tree.js';
import type { Sha256 } from '../sha256.js';
import { hashFromHex, hexOf, isHexOf } from './hex.js';

type Body = SignedDigest['body'];

interface IRange {
  readonly body: Body;
  readonly signed: SignedDigest;
  readonly end: number;
  /** null = none of its records was there yet, or all were. */
  tree: MerkleRoot | null;
  /** Records that came one after the other from the first on. */
  seen: number;
  /** Records that are gone, and whose hashes are too. */
  gone: number;
  /** Hexadecimal; null = not all were there. */
  root: string | null;
}

/** What became of the records of a digest. */
export type RootOutcome =
  /** They are those that were signed. */
  | 'same'
  | 'differs'
  /** Not all of them are in the export, or not in order. */
  | 'short'
  /** Another line says that it is that digest, of other records. */
  | 'twice'
  /** None is there: all were deleted by retention. */
  | 'gone';

/** Makes the Merkle root of each digest's records as they pass. Holds some numbers for each digest. */
export class DigestRoots {
  /** @param digests - as the file tells them; whether they can be believed is decided elsewhere. */
  constructor(
    private readonly sha256: Sha256,
    digests: readonly SignedDigest[]
  ) {
    this.ranges = digests
      .map(signed => ({ signed, body: signed.body }))
      .map(({ signed, body }) => ({
        ...{ signed, body },
        end: body.firstIndex + body.count,
        tree: null,
        seen: 0,
        gone: 0,
        root: null
      }))
      .sort((one, other) => one.body.firstIndex - other.body.firstIndex || one.end - other.end);
    this.ranges.forEach(range => this.byNumber.set(range.body.number, range));
  }

  /** The next record, by its exact line of the log. */
  add(index: number, entry: Uint8Array): Uint8Array {
    const leaf = leafHash(this.sha256, entry);
    this.addLeaf(index, leaf);
    return leaf;
  }

  /** The next record is gone. @param leaf - its hash as a leaf; null = that is gone too. */
  addGone(index: number, leaf: Uint8Array | null): void {
    const range = this.rangeOf(index);
    if (range && leaf === null) {
      range.gone += 1;
    } else if (leaf !== null) {
      this.addLeaf(index, leaf);
    }
  }

  private addLeaf(index: number, leaf: Uint8Array): void {
    const range = this.rangeOf(index);
    if (range && range.body.firstIndex + range.seen === index) {
      range.tree ??= new MerkleRoot(this.sha256);
      range.tree.add(leaf);
      range.seen += 1;
      if (range.seen === range.body.count) {
        range.root = hexOf(range.tree.root());
        range.tree = null;
      }
    }
  }

  /**
   * Whether a record's own proof leads to the digest that it names.
   *
   * @param proof - hexadecimal digits of each hash.
   * @returns null when there is no such digest.
   */
  proves(leaf: Uint8Array, index: number, number: number, proof: readonly string[]): boolean | null {
    const range = this.byNumber.get(number);
    if (!range) {
      return null;
    }
    const hashes = proof.map(hashFromHex);
    const whole = hashes.filter(hash => hash !== null);
    const { firstIndex, count, root } = range.body;
    const reached = rootOfProof(this.sha256, leaf, index - firstIndex, count, whole);
    return whole.length === hashes.length && reached !== null && isHexOf(root, reached);
  }

  outcome(body: Body): RootOutcome {
    const range = this.byNumber.get(body.number);
    if (range && (range.body.firstIndex !== body.firstIndex || range.body.count !== body.count)) {
      return 'twice';
    }
    if (range && body.count > 0 && range.gone === body.count) {
      return 'gone';
    }
    const root = body.count === 0 ? hexOf(this.sha256()) : (range?.root ?? null);
    if (root === null) {
      return 'short';
    }
    return root === body.root ? 'same' : 'differs';
  }

  /** Number of the digest whose range an index is in; null = of none. */
  numberOf(index: number): number | null {
    return this.rangeOf(index)?.body.number ?? null;
  }

  /** The digest whose range an index is in, as the file tells it; null = of none. */
  bodyAt(index: number): Body | null {
    return this.rangeOf(index)?.body ?? null;
  }

  /** The same with its signature. */
  signedAt(index: number): SignedDigest | null {
    return this.rangeOf(index)?.signed ?? null;
  }

  private rangeOf(index: number): IRange | null {
    const { last } = this;
    if (last && index >= last.body.firstIndex && index < last.end) {
      return last;
    }
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.ranges[middle];
      if (range && range.end <= index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const found = this.ranges[low];
    this.last = found && found.body.firstIndex <= index ? found : null;
    return this.last;
  }

  private readonly ranges: readonly IRange[];
  private readonly byNumber = new Map<number, IRange>();
  private last: IRange | null = null;
}
