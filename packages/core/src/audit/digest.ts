import { canonicalJson } from './canonical-json.js';

/** What a digest covers: an unbroken range of the log. */
export interface IDigestBody {
  /** Which log: the service's own id, a UUID made at its first start. */
  readonly log: string;
  /** 0 is the first; without gaps. */
  readonly number: number;
  readonly firstIndex: number;
  readonly count: number;
  /** Root of the Merkle tree over the range's leaves, hexadecimal; that of no leaves is the hash of nothing. */
  readonly root: string;
  /** SHA-256 of the canonical JSON of the signed digest before it, hexadecimal; 64 zeros for the first. */
  readonly previous: string;
  readonly closedAtMs: number;
}

/** A signed digest: Ed25519 over `digestText`. */
export interface ISignedDigest {
  readonly body: IDigestBody;
  /** First 16 hexadecimal digits of SHA-256 of the public key (raw, 32 bytes). */
  readonly key: string;
  /** base64url. */
  readonly signature: string;
}

/** What is signed for a digest. The first line keeps it apart from whatever else the key signs. */
export function digestText(body: IDigestBody): string {
  return `labkeeper digest 1\n${canonicalJson(body)}`;
}

/** What is signed for a receipt. */
export function receiptText(body: object): string {
  return `labkeeper receipt 1\n${canonicalJson(body)}`;
}

/** What is signed for an export: the hash of every byte before the last line, with what was asked for. */
export function exportText(body: object): string {
  return `labkeeper export 1\n${canonicalJson(body)}`;
}

/** What a witness signs for a digest. */
export function witnessText(body: object): string {
  return `labkeeper witness 1\n${canonicalJson(body)}`;
}

/** What a timestamp authority stamps for a digest. @param sha256 - of the signed digest's canonical JSON. */
export function timestampText(sha256: string): string {
  return `labkeeper timestamp 1\n${sha256}\n`;
}

/** What is signed of an act of the service itself. */
export function actText(act: object): string {
  return `labkeeper act 1\n${canonicalJson(act)}`;
}

/** What the old key signs for the new one. */
export function rotationText(body: object): string {
  return `labkeeper rotation 1\n${canonicalJson(body)}`;
}
