import * as v from 'valibot';
import { Sha256Hex, StreamSeq, Uuid } from '../values/audit.js';
import { EpochMs } from '../values/units.js';
import { RetentionClass, RETENTION_DAYS } from './retention.js';

/** Name and version of the shape of the service's own records. */
export const ACT_SCHEMA = 'labkeeper.act/1';

/** What the service itself puts on record: what people did by law's sake, what retention deleted, and which hubs are trusted. */
export const ActAction = v.picklist(['hold', 'lift', 'erase', 'offboard', 'retire', 'trust']);
export type ActAction = v.InferOutput<typeof ActAction>;

const Text = (length: number) => v.pipe(v.string(), v.maxLength(length));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What became of one part of an offboarding. */
export const OffboardPart = v.strictObject({
  what: v.picklist(['hold', 'servers', 'tokens', 'sessions', 'requests', 'grants']),
  /** `none` = there was nothing to end, or, of browsers' sessions, nobody knows of how many. `failed` = not all of it was ended: it can be asked for again. */
  state: v.picklist(['done', 'none', 'failed']),
  /** Things that were ended. */
  ended: Count,
  /** Things that could not be. */
  failed: Count,
  /** One sentence for people; null = there is nothing to say. */
  says: v.nullable(Text(1024))
});
export type OffboardPart = v.InferOutput<typeof OffboardPart>;

/** Ranges of one deletion, at most: it is one small transaction. */
export const RETIRED_RANGES = 500;

/** What one step of retention deleted. */
export const Retirement = v.strictObject({
  /** Which log: the service's own id. */
  log: Uuid,
  class: RetentionClass,
  /** The period as the policy writes it, such as `7 years`. */
  rule: Text(64),
  /** The same in days. */
  days: v.pipe(Count, v.minValue(RETENTION_DAYS.least), v.maxValue(RETENTION_DAYS.most)),
  /** SHA-256 of the policy file that says so. */
  policy: Sha256Hex,
  /** Indexes of the records, first and first after, in order, each inside one digest; none for looks. */
  ranges: v.pipe(v.array(v.strictTuple([Count, Count])), v.maxLength(RETIRED_RANGES)),
  /** Records, or looks. */
  count: Count,
  /** Numbers of the first and of the last digest that cover them; null = looks, which no digest covers. */
  digests: v.nullable(v.strictTuple([Count, Count])),
  /** They were there before, by the service's clock. */
  beforeMs: EpochMs
});
export type Retirement = v.InferOutput<typeof Retirement>;

/** What a service was told by its file of hubs about one of them, beside its first. */
export const HubTrust = v.strictObject({
  /** Its name in records. */
  hub: Text(64),
  /** `refused` = it is in the file no more. */
  state: v.picklist(['trusted', 'changed', 'refused']),
  /** Members of its entry that are other than before; `secrets` = its token, or the secret of the login. */
  changed: v.pipe(v.array(Text(32)), v.maxLength(10)),
  /** As the file has it now; null = it is refused. */
  entry: v.nullable(
    v.strictObject({
      apiUrl: Text(2048),
      publicUrl: Text(4096),
      serviceName: Text(64),
      clientId: Text(255),
      /** Tells one pair of secrets from another to whoever has the service's key, and nothing else. */
      secrets: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))
    })
  )
});
export type HubTrust = v.InferOutput<typeof HubTrust>;

/** An act. Persons stand in it as the log's lines call them. */
export const Act = v.strictObject({
  action: ActAction,
  atMs: EpochMs,
  hub: Text(128),
  /** Its number among the legal acts, where its reason is kept; null = it is none. */
  number: v.nullable(Count),
  /** null = no person: the firm's directory. */
  actor: v.nullable(Uuid),
  /** null = everybody. */
  subject: v.nullable(Uuid),
  case: v.nullable(Text(1024)),
  /** The hold that is lifted. */
  lifts: v.nullable(Count),
  /** What an offboarding ended. */
  parts: v.pipe(v.array(OffboardPart), v.maxLength(20)),
  /** What retention deleted; absent = it is another act. */
  retired: v.optional(Retirement),
  /** Which hub is trusted, or no longer; absent = it is another act. */
  trust: v.optional(HubTrust)
});
export type Act = v.InferOutput<typeof Act>;

/** A record of the service's own stream. */
export const ActRecord = v.strictObject({
  schema: v.literal(ACT_SCHEMA),
  eventId: Uuid,
  boot: Uuid,
  seq: StreamSeq,
  prev: Sha256Hex,
  action: ActAction,
  act: Act,
  /** First 16 hexadecimal digits of SHA-256 of the public key. */
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  /** Ed25519 over `labkeeper act 1`, a newline and the act's canonical JSON; base64url. */
  signature: Text(128)
});
export type ActRecord = v.InferOutput<typeof ActRecord>;

/** A line of the log that holds a record of the service's own. */
export const ActEntry = v.object({ receivedAtMs: EpochMs, record: ActRecord });

/** What an admin asks for, or the firm's directory. */
export const HoldWanted = v.strictObject({
  user: v.nullable(v.pipe(Text(256), v.minLength(1))),
  case: v.nullable(v.pipe(Text(256), v.minLength(1))),
  reason: v.pipe(Text(1024), v.minLength(1))
});
export type HoldWanted = v.InferOutput<typeof HoldWanted>;

export const OffboardWanted = v.strictObject({
  user: v.pipe(Text(256), v.minLength(1)),
  case: v.nullable(v.pipe(Text(256), v.minLength(1))),
  reason: v.pipe(Text(1024), v.minLength(1))
});
export type OffboardWanted = v.InferOutput<typeof OffboardWanted>;

/** Whose name it is: the directory's signature covers it. Without a hub the first one is meant. */
const DirectoryData = v.strictObject({ ...OffboardWanted.entries, hub: v.optional(Text(64)) });

/** A Standard Webhook of the firm's directory. */
export const DirectoryMessage = v.variant('type', [
  v.strictObject({ type: v.literal('user.hold'), timestamp: Text(64), data: DirectoryData }),
  v.strictObject({ type: v.literal('user.offboard'), timestamp: Text(64), data: DirectoryData })
]);
export type DirectoryMessage = v.InferOutput<typeof DirectoryMessage>;

export const HoldAnswer = v.strictObject({
  /** Number of the legal act. */
  hold: Count
});
export type HoldAnswer = v.InferOutput<typeof HoldAnswer>;

/** The receipt of an offboarding. */
export const OffboardAnswer = v.strictObject({
  user: Text(256),
  /** Whether nothing failed. */
  complete: v.boolean(),
  /** Whether this was all done before: then it is the receipt of then. */
  before: v.boolean(),
  /** Place in the log; null = it will have one when the database takes it. */
  index: v.nullable(Count),
  record: v.nullable(ActRecord),
  parts: v.array(OffboardPart)
});
export type OffboardAnswer = v.InferOutput<typeof OffboardAnswer>;
