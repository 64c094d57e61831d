import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { inclusionProof, leafHash, MerkleRoot, merkleRoot, rootOfProof } from './merkle-tree.js';

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  parts.forEach(part => hash.update(part));
  return hash.digest();
};
const hex = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('hex');
const leaves = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => leafHash(sha256, Buffer.from(`leaf ${i}`)));

/** The definition of RFC 9162 §2.1.1, word for word: split at the largest power of two below the number of leaves. */
function definition(of: readonly Uint8Array[]): Uint8Array {
  const [first] = of;
  if (first === undefined) {
    return sha256();
  }
  if (of.length === 1) {
    return first;
  }
  let split = 1;
  while (split * 2 < of.length) {
    split *= 2;
  }
  return sha256(Uint8Array.of(1), definition(of.slice(0, split)), definition(of.slice(split)));
}

describe('the Merkle tree', () => {
  // Leaves and roots of the test vectors in certificate-transparency-go (merkletree/testdata), data 0 to 7.
  const DATA = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f'
  ];
  const ROOTS = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'
  ];

  it('gives the published roots', () => {
    const root = new MerkleRoot(sha256);
    expect(hex(root.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    DATA.forEach((data, i) => {
      root.add(leafHash(sha256, Buffer.from(data, 'hex')));
      expect(hex(root.root())).toBe(ROOTS[i]);
    });
    expect(root.size).toBe(8);
  });

  it('is that of the definition for every size up to 70', () => {
    for (let size = 0; size <= 70; size++) {
      expect(hex(merkleRoot(sha256, leaves(size)))).toBe(hex(definition(leaves(size))));
    }
  });

  it('has a proof for each leaf that leads to the root, and to no other for any other place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(), fc.nat(), (size, a, b) => {
        const all = leaves(size);
        const [index, other] = [a % size, b % size];
        const leaf = all[index] ?? Uint8Array.of();
        const proof = inclusionProof(sha256, all, index);
        const root = hex(merkleRoot(sha256, all));
        expect(hex(rootOfProof(sha256, leaf, index, size, proof))).toBe(root);
        if (other !== index) {
          expect(hex(rootOfProof(sha256, leaf, other, size, proof))).not.toBe(root);
        }
        expect(rootOfProof(sha256, leaf, index, size, [...proof, leaf])).toBeNull();
        if (proof.length > 0) {
          expect(rootOfProof(sha256, leaf, index, size, proof.slice(1))).toBeNull();
        }
      })
    );
  });

  it('has no proof for a leaf that is not there', () => {
    expect(() => inclusionProof(sha256, leaves(3), 3)).toThrow('There is no leaf 3: there are 3.');
    expect(rootOfProof(sha256, Uint8Array.of(), 3, 3, [])).toBeNull();
    expect(rootOfProof(sha256, Uint8Array.of(), -1, 3, [])).toBeNull();
  });
});
