import { MerkleLevels } from '@labkeeper/core';
import type { SignedDigest } from '@labkeeper/protocol';
import { sha256 } from '../sha256.js';
import type { IExportSource, ILoggedEntry } from './export-source.js';

/** Makes each entry's proof against the digest that covers it. Holds the trees of one block's digests. */
export class DigestProofs {
  /** @param digests - in order. */
  constructor(
    private readonly source: Pick<IExportSource, 'leaves'>,
    private readonly digests: readonly SignedDigest[]
  ) {}

  /** Gets ready for the lines of a block; blocks come in order. */
  async load(block: readonly ILoggedEntry[]): Promise<void> {
    const first = block[0]?.index ?? 0;
    for (const [digest] of this.trees) {
      if (endOf(digest) <= first) {
        this.trees.delete(digest);
      }
    }
    for (const { index } of block) {
      const digest = this.digestOf(index);
      if (!this.trees.has(digest)) {
        const leaves: Uint8Array[] = [];
        for await (const leaf of this.source.leaves(digest.body.firstIndex, endOf(digest))) {
          leaves.push(leaf);
        }
        this.trees.set(digest, new MerkleLevels(sha256, leaves));
      }
    }
  }

  /** The line for an entry of the last block. */
  line({ index, entry }: ILoggedEntry): string {
    const digest = this.digestOf(index);
    const proof = this.trees.get(digest)?.proof(index - digest.body.firstIndex) ?? [];
    const hashes = proof.map(hash => `"${Buffer.from(hash).toString('hex')}"`).join(',');
    return `{"index":${index},"digest":${digest.body.number},"proof":[${hashes}],"entry":${entry}}`;
  }

  private digestOf(index: number): SignedDigest {
    for (; ; this.at += 1) {
      const digest = this.digests[this.at];
      if (digest && index >= digest.body.firstIndex && index < endOf(digest)) {
        return digest;
      }
      if (!digest || index < digest.body.firstIndex) {
        break;
      }
    }
    // Blocks are gone through twice, to load and to write.
    this.at = this.digests.findIndex(digest => index >= digest.body.firstIndex && index < endOf(digest));
    const found = this.digests[this.at];
    if (!found) {
      throw new Error(`No digest covers record ${index}.`);
    }
    return found;
  }

  private readonly trees = new Map<SignedDigest, MerkleLevels>();
  private at = 0;
}

function endOf({ body }: SignedDigest): number {
  return body.firstIndex + body.count;
}
