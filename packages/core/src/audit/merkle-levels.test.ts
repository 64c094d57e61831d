import { createHash } from 'node:crypto';
import { MerkleLevels } from './merkle-levels.js';
import { inclusionProof, leafHash } from './merkle-tree.js';

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  parts.forEach(part => hash.update(part));
  return hash.digest();
};

it('gives the proofs of the tree that is made anew for each', () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = Array.from({ length: size }, (_, i) => leafHash(sha256, Buffer.from(`${i}`)));
    const levels = new MerkleLevels(sha256, leaves);
    for (let index = 0; index < size; index++) {
      expect(levels.proof(index)).toEqual(inclusionProof(sha256, leaves, index));
    }
  }
  expect(() => new MerkleLevels(sha256, []).proof(0)).toThrow('There is no leaf 0: there are 0.');
});
