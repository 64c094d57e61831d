import * as v from 'valibot';
import { AuditRecord, Sha256Hex, Uuid } from '../values/audit.js';
import { EpochMs } from '../values/units.js';
import { ActRecord } from './acts.js';

/** Version of the export's format; it stands in the first line. */
export const EXPORT_FORMAT = 1;
/** The same where retention deleted records of the range: whoever does not know such lines would call them altered. */
export const RETIRED_FORMAT = 2;
/** Deleted records of one line, at most. */
export const GONE_AT_ONCE = 500;
/** A line of an export is at most so long, in bytes. */
export const EXPORT_LINE_BYTES = 4 * 1024 * 1024;

/** Position in the log: 0 is the first. */
const LogIndex = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const Count = LogIndex;
/** First 16 hexadecimal digits of SHA-256 of the public key (raw, 32 bytes). */
const KeyId = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
/** base64url of the 64 bytes of an Ed25519 signature. */
const Signature = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_-]{86}$/));

/** base64url of the raw 32 bytes of a public key. */
const PublicKey = v.pipe(v.string(), v.regex(/^[0-9A-Za-z_-]{43}$/));

/** The old key of a service names the new one: Ed25519 over `rotationText`, by the old one. */
export const SignedRotation = v.strictObject({
  body: v.strictObject({
    log: Uuid,
    /** Raw public part of the key that signs this, base64url. */
    oldPublicKey: PublicKey,
    /** That of the key that follows. */
    publicKey: PublicKey,
    atMs: EpochMs
  }),
  signature: Signature
});
export type SignedRotation = v.InferOutput<typeof SignedRotation>;

/** A public key of the service. */
export const ExportKey = v.strictObject({
  id: KeyId,
  /** base64url of the raw 32 bytes. */
  publicKey: PublicKey,
  /** In use from then on. */
  fromMs: EpochMs
});
export type ExportKey = v.InferOutput<typeof ExportKey>;

/** Without lone surrogates, which canonical JSON has no bytes for. */
const WellFormed = v.pipe(v.string(), v.maxLength(1024), v.regex(/^\P{Surrogate}*$/u));

/** What was asked for; null = every record of the range. */
export const ExportFilter = v.nullable(
  v.record(WellFormed, v.union([WellFormed, v.pipe(v.number(), v.finite())]))
);
export type ExportFilter = v.InferOutput<typeof ExportFilter>;

/** First line of an export. */
export const ExportHead = v.strictObject({
  labkeeperExport: v.picklist([EXPORT_FORMAT, RETIRED_FORMAT]),
  /** Which log: the service's own id. */
  log: Uuid,
  createdAtMs: EpochMs,
  filter: ExportFilter,
  firstIndex: LogIndex,
  /** The first index that is no longer in the range. */
  endIndex: LogIndex,
  /** Every key that signed something in it, and those in use since. */
  keys: v.pipe(v.array(ExportKey), v.maxLength(1000)),
  /** Every change of the key that the old key signed, the oldest first; absent = there was none. */
  rotations: v.optional(v.pipe(v.array(SignedRotation), v.maxLength(100)))
});
export type ExportHead = v.InferOutput<typeof ExportHead>;

/** A signed digest, as it stands in an export and in a file that is held elsewhere. */
export const SignedDigest = v.strictObject({
  body: v.strictObject({
    log: Uuid,
    number: Count,
    firstIndex: LogIndex,
    count: Count,
    root: Sha256Hex,
    previous: Sha256Hex,
    closedAtMs: EpochMs
  }),
  key: KeyId,
  signature: Signature
});
export type SignedDigest = v.InferOutput<typeof SignedDigest>;

/** Line that stands where records were deleted by retention. */
export const GoneLine = v.strictObject({
  gone: v.strictObject({
    firstIndex: LogIndex,
    count: v.pipe(Count, v.minValue(1), v.maxValue(GONE_AT_ONCE)),
    /** Their hashes as leaves, hexadecimal, one behind the other; absent where the whole digest was deleted. */
    leaves: v.optional(v.pipe(v.string(), v.maxLength(GONE_AT_ONCE * 64), v.regex(/^([0-9a-f]{64})+$/)))
  })
});
export type GoneLine = v.InferOutput<typeof GoneLine>;

/** Line of an act that says what was deleted. */
export const RetireLine = v.strictObject({
  retire: v.strictObject({
    /** Where it stands in the log. */
    index: LogIndex,
    record: ActRecord
  })
});
export type RetireLine = v.InferOutput<typeof RetireLine>;

/** Line of a digest. */
export const DigestLine = v.strictObject({ digest: SignedDigest });

/** What is signed for an export. */
export const ExportEndBody = v.strictObject({
  /** Lines before the last one. */
  lines: Count,
  /** Of all bytes before the last line. */
  sha256: Sha256Hex,
  filter: ExportFilter,
  firstIndex: LogIndex,
  endIndex: LogIndex,
  /** Records. */
  count: Count
});
export type ExportEndBody = v.InferOutput<typeof ExportEndBody>;

/** Last line of an export. */
export const EndLine = v.strictObject({
  end: v.strictObject({ body: ExportEndBody, key: KeyId, signature: Signature })
});
export type EndLine = v.InferOutput<typeof EndLine>;

/** A line of the log, read; `record` is null where it is none that this version knows. */
export const LogEntry = v.object({
  hub: v.string(),
  person: v.string(),
  server: v.string(),
  stream: v.string(),
  seq: v.number(),
  receivedAtMs: EpochMs,
  record: v.optional(v.fallback(v.nullable(AuditRecord), null), null)
});
export type LogEntry = v.InferOutput<typeof LogEntry>;

/** A value as one of the shapes above; null = the text is no JSON, or has another shape. */
export function parseShape<Shape extends v.GenericSchema>(
  shape: Shape,
  text: string
): v.InferOutput<Shape> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Whoever asked gets null: that it is no JSON is all there is to say.
    return null;
  }
  const parsed = v.safeParse(shape, value);
  return parsed.success ? parsed.output : null;
}
