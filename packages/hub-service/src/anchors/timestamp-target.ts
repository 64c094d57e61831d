import { createHash, randomBytes } from 'node:crypto';
import { timestampText } from '@labkeeper/core';
import { Integer, OctetString } from 'asn1js';
import { AlgorithmIdentifier, MessageImprint, TimeStampReq, TimeStampResp } from 'pkijs';
import { reasonOf } from '../failure.js';
import { AnchorTrouble, type IAnchoredDigest, type IAnchorTarget } from './anchor-target.js';
import { ask } from './ask.js';
import {
  exact,
  TimestampError,
  TOKEN_BYTES,
  verifyToken,
  type IPinnedCertificate
} from './timestamp-token.js';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const NONCE_BYTES = 8;
/** PKIStatus: granted, and granted with changes (RFC 3161 §2.4.2). */
const GRANTED = 1;
const ANSWER_BYTES = 2 * TOKEN_BYTES;

/** A timestamp authority (RFC 3161, over HTTP). */
export class TimestampTarget implements IAnchorTarget {
  /** @param pinned - its certificate, or that of who issued it. */
  constructor(
    readonly place: string,
    private readonly url: string,
    private readonly pinned: readonly IPinnedCertificate[]
  ) {}

  readonly kind = 'timestamp';

  async anchor({ digest, sha256 }: IAnchoredDigest, signal: AbortSignal) {
    const stamped = Buffer.from(timestampText(sha256));
    const request = timestampRequest(stamped);
    const answer = await ask(this.url, 'application/timestamp-query', request, ANSWER_BYTES, signal);
    if (answer.status !== 200) {
      throw new AnchorTrouble(`The timestamp authority answers ${answer.status}.`);
    }
    const token = tokenOf(answer.body);
    try {
      await verifyToken(token, stamped, this.pinned);
    } catch (error) {
      if (error instanceof TimestampError) {
        throw new AnchorTrouble(`Its timestamp does not hold: ${error.message}`, false, { cause: error });
      }
      throw error;
    }
    const { kind, place } = this;
    const { number } = digest.body;
    const base64 = token.toString('base64');
    return { kind, digest: number, sha256, place, storedAtMs: Date.now(), token: base64 } as const;
  }

  /** Its tokens are with us. */
  inspect(): Promise<null> {
    return Promise.resolve(null);
  }
}

/** DER of a request for a timestamp over bytes, with a nonce, asking for the certificate. */
export function timestampRequest(stamped: Uint8Array): Buffer {
  const hashedMessage = createHash('sha256').update(stamped).digest();
  const nonce = randomBytes(NONCE_BYTES);
  // A DER integer that is neither negative nor begins with zeros.
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA256 }),
      hashedMessage: new OctetString({ valueHex: exact(hashedMessage) })
    }),
    nonce: new Integer({ valueHex: exact(nonce) }),
    certReq: true
  });
  return Buffer.from(request.toSchema().toBER());
}

function tokenOf(body: Buffer): Buffer {
  let response: TimeStampResp;
  try {
    response = TimeStampResp.fromBER(exact(body));
  } catch (error) {
    throw new AnchorTrouble(`Its answer is no timestamp: ${reasonOf(error)}.`, false, { cause: error });
  }
  const { status, timeStampToken } = response;
  if (status.status > GRANTED || !timeStampToken) {
    throw new AnchorTrouble(`The timestamp authority refuses, with status ${status.status}.`);
  }
  return Buffer.from(timeStampToken.toSchema().toBER());
}
