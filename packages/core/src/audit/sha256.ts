/**
 * SHA-256 (FIPS 180-4) of the parts one after the other, 32 bytes. Given by whoever calls: this package has no Node, and
 * every host has its own fast one.
 */
export type Sha256 = (...parts: readonly Uint8Array[]) => Uint8Array;

/** `prev` of the first record of a stream. */
export const NO_HASH = '0'.repeat(64);
