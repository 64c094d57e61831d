import * as v from 'valibot';
import { Sha256Hex, Uuid } from '../values/audit.js';
import { EpochMs } from '../values/units.js';
import { SignedDigest, SignedRotation } from './export.js';

const Index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const PublicKey = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_-]{43}$/));
const Signature = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_-]{86}$/));

/** A request to a witness, or its answer, is at most so long, in bytes. */
export const WITNESS_BYTES = 64 * 1024;
/** Path of a witness's only route, below its own address. */
export const WITNESS_PATH = 'v1/digests';

/** What a service asks a witness: to co-sign its next digest. */
export const WitnessRequest = v.strictObject({
  digest: SignedDigest,
  /** Raw public part of the key that signed it, base64url. */
  publicKey: PublicKey,
  /** Every change of the service's key so far, the oldest first. */
  rotations: v.pipe(v.array(SignedRotation), v.maxLength(100))
});
export type WitnessRequest = v.InferOutput<typeof WitnessRequest>;

/** What a witness signs: it saw this digest, and none that contradicts it. */
export const WitnessStatement = v.strictObject({
  body: v.strictObject({
    log: Uuid,
    number: Index,
    /** Of the signed digest's canonical JSON. */
    sha256: Sha256Hex,
    firstIndex: Index,
    endIndex: Index,
    /** By the witness's clock. */
    signedAtMs: EpochMs
  }),
  /** Raw public part of the witness's key, base64url. */
  publicKey: PublicKey,
  signature: Signature
});
export type WitnessStatement = v.InferOutput<typeof WitnessStatement>;

/** A line of a witness's own file. */
export const WitnessLine = v.strictObject({
  statement: WitnessStatement,
  /** SHA-256 of the raw public key that signed the digest, hexadecimal. */
  signer: Sha256Hex
});
export type WitnessLine = v.InferOutput<typeof WitnessLine>;

/** The answer of a witness: 200 with `statement`, else `refusal`, one sentence. */
export const WitnessAnswer = v.union([
  v.strictObject({ statement: WitnessStatement }),
  v.strictObject({ refusal: v.pipe(v.string(), v.maxLength(1024)) })
]);
export type WitnessAnswer = v.InferOutput<typeof WitnessAnswer>;

const Common = {
  /** Number of the digest. */
  digest: Index,
  /** Of the signed digest's canonical JSON. */
  sha256: Sha256Hex,
  /** Where it lies, as the admin's settings name it. */
  place: v.pipe(v.string(), v.maxLength(512)),
  /** When the service had it from there, by its own clock. */
  storedAtMs: EpochMs
};

/** What holds a digest outside the service. */
export const Anchor = v.variant('kind', [
  /** A file in a directory whose files cannot be changed. The export says so; only that directory proves it. */
  v.strictObject({ kind: v.literal('directory'), ...Common, file: v.pipe(v.string(), v.maxLength(128)) }),
  v.strictObject({ kind: v.literal('witness'), ...Common, statement: WitnessStatement }),
  /** RFC 3161: the token, DER as base64. It stands over the digest's canonical JSON. */
  v.strictObject({
    kind: v.literal('timestamp'),
    ...Common,
    token: v.pipe(v.string(), v.maxLength(48 * 1024), v.regex(/^[0-9A-Za-z+/]+={0,2}$/))
  })
]);
export type Anchor = v.InferOutput<typeof Anchor>;

/** Line of an anchor in an export, after the digests. */
export const AnchorLine = v.strictObject({ anchor: Anchor });
export type AnchorLine = v.InferOutput<typeof AnchorLine>;
