import * as v from 'valibot';
import { Count, EpochMs } from './units.js';

/** Name and version of the record's shape; it stands in every record. */
export const AUDIT_SCHEMA = 'labkeeper.install/1';
/** A record is at most so long, in bytes of UTF-8. */
export const RECORD_BYTES = 16_384;
/** The personal part of a record is at most so long, in bytes of UTF-8. */
export const PERSONAL_BYTES = 16_384;

/** SHA-256 in lower-case hexadecimal digits. */
export const Sha256Hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
/** A UUID in lower case. */
export const Uuid = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
);
/** Position in a stream: 1 is the first. */
export const StreamSeq = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER));

const Name = v.pipe(v.string(), v.maxLength(256));
const Version = v.pipe(v.string(), v.maxLength(128));
const Sentence = v.pipe(v.string(), v.maxLength(1024));
const Path = v.pipe(v.string(), v.maxLength(4096));

/** What a record tells. */
export const AuditAction = v.picklist([
  /** The stream begins: the companion has started. */
  'opened',
  /** The stream ends in order. */
  'closed',
  /** Somebody wants something; a decision may follow. */
  'request',
  /** Somebody wrote in a request's thread, see `message`. The hub service alone says so. */
  'message',
  'allow',
  'deny',
  'warn',
  'install',
  'upgrade',
  'remove',
  /** It lies on the disk, and nobody said how it came there. */
  'found-on-disk',
  /** Its files are not those that were installed. */
  'altered',
  'dry-run',
  /** Something is missing from this stream, see `gap`. */
  'gap',
  'heartbeat'
]);
export type AuditAction = v.InferOutput<typeof AuditAction>;

/** Where somebody did it. */
export const Surface = v.picklist(['ui', 'terminal', 'notebook', 'extension-manager', 'startup', 'unknown']);
export type Surface = v.InferOutput<typeof Surface>;

/** Through what something became known. */
export const EvidenceSource = v.picklist(['ui', 'gateway', 'report', 'hook', 'disk', 'node']);
export type EvidenceSource = v.InferOutput<typeof EvidenceSource>;

/** An installed distribution, or one that was asked for. */
export const AuditPackage = v.strictObject({
  ecosystem: v.picklist(['pypi', 'conda', 'cran', 'npm', 'unknown']),
  /** Normalised as the ecosystem has it: PEP 503 for pypi. */
  name: Name,
  /** null = not known. */
  version: v.nullable(Version),
  /** Asked for by name, not as somebody's dependency; null = not known (uv marks everything as asked for). */
  requested: v.nullable(v.boolean()),
  /** What INSTALLER says; null = nothing. */
  installer: v.nullable(Name),
  /** Of the RECORD file, or of the conda-meta file; null = there is none. */
  recordDigest: v.nullable(Sha256Hex),
  /** Files that RECORD lists; null = not known. */
  files: v.nullable(Count),
  /** `direct`: by URL, version control or path, not by name from an index. */
  origin: v.picklist(['index', 'direct', 'editable', 'unknown'])
});
export type AuditPackage = v.InferOutput<typeof AuditPackage>;

/** The environment that something is installed in. */
export const AuditEnvironment = v.strictObject({
  /** Stays the same on one server for one path, and does not tell the path. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  kind: v.picklist(['venv', 'conda', 'user', 'system', 'unknown']),
  /** Such as `3.11`; null = not known. */
  python: v.nullable(Version)
});
export type AuditEnvironment = v.InferOutput<typeof AuditEnvironment>;

/** What policy said. */
export const AuditDecision = v.strictObject({
  effect: v.picklist(['allow', 'deny', 'warn', 'require-approval']),
  ruleId: Name,
  /** Of the policy file's version that decided. */
  policyDigest: Sha256Hex,
  reason: Sentence
});
export type AuditDecision = v.InferOutput<typeof AuditDecision>;

/** What is missing from a stream. */
export const AuditGap = v.strictObject({
  cause: v.picklist([
    /** The spool is gone or unreadable. */
    'spool-lost',
    /** The spool reached its bound. */
    'spool-full',
    /** More changed at once than the system told. */
    'watch-overflow',
    /** Nobody looked. */
    'companion-down',
    /** The clock jumped. */
    'clock-step',
    /** The hub's policy switched recording off, or on again. */
    'switched-off',
    /** Nothing of a stream came any more, and it does not say that it ended. The hub service alone says so. */
    'stream-silent'
  ]),
  /** null = not known since when. */
  sinceMs: v.nullable(EpochMs),
  /** Records that are missing; null = not known. */
  count: v.nullable(Count)
});
export type AuditGap = v.InferOutput<typeof AuditGap>;

/**
 * What was said in a request's thread. Nothing of it can be guessed once the personal part is gone: the salt goes with it.
 */
export const AuditMessage = v.strictObject({
  /** The request's id. */
  request: Uuid,
  /** `asker`: whose request it is. */
  from: v.picklist(['asker', 'staff']),
  /** SHA-256 of the personal part's salt, a newline and the text as the personal part has it. */
  digest: Sha256Hex,
  /** Characters (code points) of that text. */
  characters: Count
});
export type AuditMessage = v.InferOutput<typeof AuditMessage>;

/**
 * What a companion says about one event: a claim. Its canonical JSON (RFC 8785) is the line that is hashed and kept.
 * Nothing personal is in it but what a package's name may tell; that is in `PersonalPart`.
 */
export const AuditRecord = v.strictObject({
  schema: v.literal(AUDIT_SCHEMA),
  eventId: Uuid,
  /** The stream: one run of one companion. */
  boot: Uuid,
  seq: StreamSeq,
  /** Of the record before it in the stream; 64 zeros for the first. */
  prev: Sha256Hex,
  /** When it happened, by the container's clock. */
  occurredAtMs: EpochMs,
  /** When the companion saw it, by the container's clock. */
  observedAtMs: EpochMs,
  action: AuditAction,
  /** SHA-256 of the personal part's line; null = there is no personal part. */
  personal: v.nullable(Sha256Hex),
  surface: Surface,
  tool: v.nullable(v.strictObject({ name: Name, version: v.nullable(Version) })),
  environment: v.nullable(AuditEnvironment),
  package: v.nullable(AuditPackage),
  decision: v.nullable(AuditDecision),
  outcome: v.nullable(v.strictObject({ ok: v.boolean(), code: v.nullable(v.pipe(v.number(), v.integer())) })),
  evidence: v.pipe(
    v.array(v.strictObject({ source: EvidenceSource, ref: v.nullable(Name) })),
    v.maxLength(16)
  ),
  gap: v.nullable(AuditGap),
  /** Only with the action `message`; absent = the record is of something else. */
  message: v.optional(AuditMessage)
});
export type AuditRecord = v.InferOutput<typeof AuditRecord>;

/** What names a person, or may: kept beside the record under that person's key, which erasure deletes. */
export const PersonalPart = v.strictObject({
  /** 16 random bytes: paths can be guessed, and the record holds a hash of this part. */
  salt: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  /** Path of the environment. */
  prefix: v.nullable(Path),
  notebook: v.nullable(Path),
  /** Without credentials. */
  argv: v.nullable(v.pipe(v.array(v.pipe(v.string(), v.maxLength(1024))), v.maxLength(64))),
  /** From direct_url.json, without credentials. */
  directUrl: v.nullable(v.pipe(v.string(), v.maxLength(2048)))
});
export type PersonalPart = v.InferOutput<typeof PersonalPart>;
