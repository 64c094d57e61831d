import { createHash } from 'node:crypto';
import { canonicalJson, witnessText } from '@labkeeper/core';
import {
  parseShape,
  WITNESS_BYTES,
  WITNESS_PATH,
  WitnessAnswer,
  type WitnessRequest,
  type WitnessStatement
} from '@labkeeper/protocol';
import { nodeVerifyTools } from '../verify/node-tools.js';
import { AnchorTrouble, type IAnchoredDigest, type IAnchorTarget } from './anchor-target.js';
import { ask } from './ask.js';

const CONFLICT = 409;

/** A second party's program that co-signs only what goes on from what it signed before. */
export class WitnessTarget implements IAnchorTarget {
  /**
   * @param place - address, without a slash at its end.
   * @param fingerprint - SHA-256 of the witness's raw public key, hexadecimal: another one's word does not count.
   */
  constructor(
    readonly place: string,
    private readonly fingerprint: string
  ) {}

  readonly kind = 'witness';

  async anchor({ digest, sha256, publicKey, rotations }: IAnchoredDigest, signal: AbortSignal) {
    const request: WitnessRequest = { digest, publicKey, rotations: [...rotations] };
    const url = `${this.place}/${WITNESS_PATH}`;
    const body = Buffer.from(canonicalJson(request));
    const answer = await ask(url, 'application/json', body, WITNESS_BYTES, signal);
    const read = parseShape(WitnessAnswer, answer.body.toString('utf8'));
    if (!read) {
      throw new AnchorTrouble(`It answers ${answer.status}, and not as a witness does.`);
    }
    if ('refusal' in read) {
      throw new AnchorTrouble(`The witness refuses: ${read.refusal}`, answer.status === CONFLICT);
    }
    const { statement } = read;
    this.check(statement);
    const { log, number } = digest.body;
    if (statement.body.log !== log || statement.body.number !== number || statement.body.sha256 !== sha256) {
      throw new AnchorTrouble('The witness signed something else than it was asked for.', true);
    }
    const { kind, place } = this;
    return { kind, digest: number, sha256, place, storedAtMs: Date.now(), statement } as const;
  }

  /** What it signed is with us; its own file is its owner's. */
  inspect(): Promise<null> {
    return Promise.resolve(null);
  }

  private check({ body, publicKey, signature }: WitnessStatement): void {
    const raw = Buffer.from(publicKey, 'base64url');
    if (createHash('sha256').update(raw).digest('hex') !== this.fingerprint) {
      throw new AnchorTrouble('Another witness answers than the one whose key is pinned.');
    }
    if (!nodeVerifyTools().verify(raw, witnessText(body), Buffer.from(signature, 'base64url'))) {
      throw new AnchorTrouble("The witness's signature does not hold.");
    }
  }
}
