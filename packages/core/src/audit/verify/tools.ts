import type { Sha256 } from '../sha256.js';

/** A hash over everything that passes. */
export interface IRunningHash {
  update(bytes: Uint8Array): void;
  /** SHA-256 of everything so far, hexadecimal; more may follow. */
  hexSoFar(): string;
}

/** What verifying needs of its host: this package has no Node. */
export interface IVerifyTools {
  readonly sha256: Sha256;
  /** The same of one piece, in lower-case hexadecimal digits. */
  sha256Hex(bytes: Uint8Array): string;
  /** A new SHA-256 of nothing so far. */
  running(): IRunningHash;
  /**
   * Ed25519 (RFC 8032). False also where key or signature is none.
   *
   * @param publicKey - raw, 32 bytes.
   * @param signature - raw, 64 bytes.
   */
  verify(publicKey: Uint8Array, text: string, signature: Uint8Array): boolean;
  /** UTF-8. */
  encode(text: string): Uint8Array;
  /** UTF-8; what is none becomes U+FFFD. */
  decode(bytes: Uint8Array): string;
  /** Strictly: null = it is not what encoding these bytes gives (RFC 4648 §4). */
  fromBase64(text: string): Uint8Array | null;
  /** Strictly, without padding: null = it is not what encoding these bytes gives (RFC 4648 §5). */
  fromBase64Url(text: string): Uint8Array | null;
}
