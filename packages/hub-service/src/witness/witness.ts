import { sign, type KeyObject } from 'node:crypto';
import {
  canonicalJson,
  digestHash,
  digestText,
  keysAfter,
  witnessText,
  witnessVerdict,
  type IVerifyTools
} from '@labkeeper/core';
import type { WitnessRequest, WitnessStatement } from '@labkeeper/protocol';
import { sha256Hex } from '../sha256.js';
import type { WitnessBook } from './witness-book.js';

/** Logs that one witness serves, at most: whoever reaches it can begin one. */
const LOGS = 1000;

export interface IWitnessOptions {
  readonly book: WitnessBook;
  readonly privateKey: KeyObject;
  /** Raw, base64url. */
  readonly publicKey: string;
  /** Fingerprints of services' keys; empty = a log may begin with any, and stays with it. */
  readonly services: readonly string[];
  readonly tools: IVerifyTools;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** What the witness says. */
export type WitnessSaid =
  | { readonly kind: 'signed'; readonly statement: WitnessStatement }
  /** The service signed it, and it does not go on from what was signed before. */
  | { readonly kind: 'inconsistent'; readonly why: string }
  /** It is not the service's. */
  | { readonly kind: 'not-genuine'; readonly why: string };

/** Signs digests of services, each log's one after the other. */
export class Witness {
  constructor(private readonly options: IWitnessOptions) {}

  /** Durable when it returns a statement. @throws when the book cannot be written. */
  sign({ digest, publicKey, rotations }: WitnessRequest): WitnessSaid {
    const { book, tools, services, nowMs } = this.options;
    const signer = fingerprintOf(publicKey);
    const raw = tools.fromBase64Url(publicKey);
    const signature = tools.fromBase64Url(digest.signature);
    const isSigned =
      raw !== null &&
      signature !== null &&
      signer.startsWith(digest.key) &&
      tools.verify(raw, digestText(digest.body), signature);
    if (!isSigned) {
      return { kind: 'not-genuine', why: 'The signature of the digest does not hold.' };
    }
    const { log } = digest.body;
    const last = book.last(log);
    // Those named by hand too, of a log that is known: its service may have lost the old key, and begun a new one.
    const trusted = last ? [last.signer, ...services] : services;
    const isTrusted =
      trusted.includes(signer) ||
      (last === null && services.length === 0) ||
      this.follows(trusted, signer, { digest, publicKey, rotations });
    if (!isTrusted) {
      return { kind: 'not-genuine', why: `The key ${signer} is not that of this log's service.` };
    }
    if (last === null && book.logs >= LOGS) {
      return { kind: 'not-genuine', why: `I have ${LOGS} logs already, and take no more.` };
    }
    const sha256 = digestHash(tools, digest);
    const verdict = witnessVerdict(last, digest, sha256);
    if (verdict.kind === 'refuse') {
      return { kind: 'inconsistent', why: verdict.why };
    }
    if (verdict.kind === 'again' && last) {
      return { kind: 'signed', statement: last.statement };
    }
    const { number, firstIndex, count } = digest.body;
    const endIndex = firstIndex + count;
    const body = { log, number, sha256, firstIndex, endIndex, signedAtMs: nowMs() };
    const made = sign(null, Buffer.from(witnessText(body)), this.options.privateKey);
    const statement = { body, publicKey: this.options.publicKey, signature: made.toString('base64url') };
    book.add(statement, signer);
    return { kind: 'signed', statement };
  }

  /** Whether a chain of rotations leads from a key that is trusted to this one. */
  private follows(trusted: readonly string[], signer: string, request: WitnessRequest): boolean {
    const { tools } = this.options;
    const { log } = request.digest.body;
    return keysAfter(trusted, request.rotations, log, tools).has(signer);
  }
}

/** SHA-256 of a raw public key, hexadecimal. */
export function fingerprintOf(publicKey: string): string {
  return sha256Hex(Buffer.from(publicKey, 'base64url'));
}

/** The body of an answer. */
export function answerText(said: WitnessSaid): string {
  return canonicalJson(said.kind === 'signed' ? { statement: said.statement } : { refusal: said.why });
}
