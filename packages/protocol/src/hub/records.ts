import * as v from 'valibot';
import { EpochMs } from '../values/units.js';
import { AuditEnvironment, AuditGap, Sha256Hex, StreamSeq, Uuid } from '../values/audit.js';

/**
 * Version of what companions and hub services say to each other. A companion says the newest that it knows; what a service
 * reads is `HUB_PROTOCOLS`. Before it grows, recordings of the version before it are in tests/companions.
 */
export const HUB_PROTOCOL = 1;
/** Versions that a service of this build reads. */
export const HUB_PROTOCOLS: readonly number[] = [HUB_PROTOCOL];

/** Records in one batch, at most. */
export const BATCH_RECORDS = 500;
/** Bytes of one batch's body, at most. */
export const BATCH_BYTES = 2 * 1024 * 1024;

/** Where companions and services meet, below the service's own prefix. All but the first want the ticket. */
export const HUB_PATHS = {
  /** POST, with the server's own token of JupyterHub: a ticket, `?hub=`, see `ticketPath`. */
  ticket: 'api/v1/ticket',
  /** GET: the head of a stream, `?boot=`. POST: a batch. */
  records: 'api/v1/records',
  /** GET: the receipt for records that are stored, `?boot=&first=&seq=`, at most `BATCH_RECORDS` of them. */
  receipt: 'api/v1/receipt',
  /** GET: what the hub has on record of the ticket's own server, newest first, `?before=&limit=`. */
  own: 'api/v1/own',
  /** GET: what policy switches off for the ticket's own server, `?seen=&image=`; held until that is news. */
  events: 'api/v1/events',
  /** POST: a batch of events: deaths, throttling, saves. */
  serverEvents: 'api/v1/server-events'
} as const;

/** Where a ticket is asked for. @param hub - whose token it is, as the service calls it; null = its first one's. */
export function ticketPath(hub: string | null): string {
  return hub === null ? HUB_PATHS.ticket : `${HUB_PATHS.ticket}?hub=${encodeURIComponent(hub)}`;
}

/** The answer to a request for a ticket. */
export const TicketAnswer = v.strictObject({
  /** Long where somebody is in many groups. */
  ticket: v.pipe(v.string(), v.maxLength(8192)),
  expiresAtMs: EpochMs,
  /** Versions of this protocol that the service reads. */
  protocols: v.pipe(v.array(v.pipe(v.number(), v.integer())), v.maxLength(16)),
  /** The service's clock. */
  nowMs: EpochMs
});
export type TicketAnswer = v.InferOutput<typeof TicketAnswer>;

/**
 * First line of a batch. After it come `count` pairs of lines: the exact bytes of a record (canonical JSON), and those of
 * its personal part, or `null`. Lines end with a newline (0x0a), the last one too.
 */
export const BatchHead = v.strictObject({
  protocol: v.literal(HUB_PROTOCOL),
  boot: Uuid,
  /** `seq` of the first record. */
  first: StreamSeq,
  count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(BATCH_RECORDS)),
  /** Hash of the record before the first; 64 zeros where there is none. */
  prev: Sha256Hex
});
export type BatchHead = v.InferOutput<typeof BatchHead>;

/** What the service has of a stream. */
export const StreamHead = v.strictObject({
  /** 0 = nothing. */
  seq: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Hash of the record `seq`; 64 zeros where there is none. */
  hash: Sha256Hex
});
export type StreamHead = v.InferOutput<typeof StreamHead>;

/** What the service signs when it has made a batch durable. */
export const ReceiptBody = v.strictObject({
  hub: v.pipe(v.string(), v.maxLength(128)),
  /** The service's own name of the stream. */
  stream: Uuid,
  boot: Uuid,
  /** The batch's first and last record. */
  first: StreamSeq,
  seq: StreamSeq,
  /** Hash of the record `seq`. */
  head: Sha256Hex,
  /** Index of the first record in the service's log. */
  firstIndex: v.pipe(v.number(), v.integer(), v.minValue(0)),
  receivedAtMs: EpochMs
});
export type ReceiptBody = v.InferOutput<typeof ReceiptBody>;

/** A receipt: Ed25519 over `labkeeper receipt 1`, a newline and the body's canonical JSON. */
export const SignedReceipt = v.strictObject({
  body: ReceiptBody,
  /** First 16 hexadecimal digits of SHA-256 of the public key (raw, 32 bytes). */
  key: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  /** base64url. */
  signature: v.pipe(v.string(), v.maxLength(128))
});
export type SignedReceipt = v.InferOutput<typeof SignedReceipt>;

/**
 * The answer to a batch: 200 with a receipt. 409 where the batch does not begin at the stream's head: then with the head
 * alone; whoever sent it drops what is acknowledged, after it has looked that the hash is its own, and goes on from there.
 */
export const BatchAnswer = v.strictObject({ head: StreamHead, receipt: v.nullable(SignedReceipt) });
export type BatchAnswer = v.InferOutput<typeof BatchAnswer>;

/**
 * The answer to a question for a receipt: 200 with one that ends at `seq`, and begins at `first`, or later, where not all of
 * them were stored together. 404 where the ticket's own server has no such record here.
 */
export const ReceiptAnswer = v.strictObject({ receipt: SignedReceipt });
export type ReceiptAnswer = v.InferOutput<typeof ReceiptAnswer>;

/** One record of the ticket's own server, as a list shows it. */
export const OwnRecord = v.strictObject({
  index: v.pipe(v.number(), v.integer(), v.minValue(0)),
  receivedAtMs: EpochMs,
  /** By the container's clock; null = it could not be read. */
  occurredAtMs: v.nullable(EpochMs),
  /** @see AuditAction; `unreadable` where it could not be read. */
  action: v.pipe(v.string(), v.maxLength(64)),
  ecosystem: v.nullable(v.pipe(v.string(), v.maxLength(64))),
  packageName: v.nullable(v.pipe(v.string(), v.maxLength(256))),
  packageVersion: v.nullable(v.pipe(v.string(), v.maxLength(128))),
  tool: v.nullable(v.pipe(v.string(), v.maxLength(256))),
  effect: v.nullable(v.pipe(v.string(), v.maxLength(64))),
  grade: v.pipe(v.string(), v.maxLength(64)),
  /** Its place in its stream. */
  boot: Uuid,
  seq: StreamSeq,
  /** This and `gap`: null also where the record could not be read. */
  environment: v.nullable(AuditEnvironment),
  gap: v.nullable(AuditGap)
});
export type OwnRecord = v.InferOutput<typeof OwnRecord>;

/** The answer to `own`: the newest first. */
export const OwnAnswer = v.strictObject({
  records: v.pipe(v.array(OwnRecord), v.maxLength(100)),
  /** To be sent as `?before=` for the page after it; null = this is the last. */
  next: v.nullable(v.pipe(v.string(), v.maxLength(64)))
});
export type OwnAnswer = v.InferOutput<typeof OwnAnswer>;

/** What the service says instead, with a status of 400 and above but 409. */
export const HubRefusal = v.strictObject({
  code: v.picklist([
    /** 401: no ticket, or one that is no longer good: ask for a new one. */
    'ticket',
    /** 401: JupyterHub does not know the token. */
    'token',
    /** 403: it is the token of somebody who has no server of that name. */
    'not-a-server',
    /** 400: what came is no batch. Sending it again does not help. */
    'malformed',
    /** 404: the ticket's own user has no such request. */
    'unknown',
    /** 409: it is another by now, or no longer open. */
    'changed',
    /** 413. */
    'too-large',
    /** 426: this version of the protocol is not read here. */
    'protocol',
    /** 429: later, see Retry-After. */
    'too-much',
    /** 503: later, see Retry-After. */
    'unavailable'
  ]),
  /** A sentence for people. */
  message: v.pipe(v.string(), v.maxLength(1024)),
  hint: v.optional(v.pipe(v.string(), v.maxLength(1024)))
});
export type HubRefusal = v.InferOutput<typeof HubRefusal>;
