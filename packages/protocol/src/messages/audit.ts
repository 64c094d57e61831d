import * as v from 'valibot';
import { notification } from '../envelope.js';
import { AuditEnvironment, AuditGap } from '../values/audit.js';
import { Count, EpochMs, Text } from '../values/units.js';

/** So many records a list holds, at most. */
export const LISTED_RECORDS = 150;

/** How the audited log of this server stands. */
export const AuditState = v.object({
  /** `off`: nothing is recorded here. `server`: records stay on this server, because the hub keeps no log. */
  mode: v.picklist(['hub', 'server', 'off']),
  /** What is wrong; null = nothing. */
  problem: v.nullable(
    v.object({
      kind: v.picklist([
        /** The disk does not take records. */
        'disk',
        /** There is no room for more records that wait. */
        'full',
        /** Records do not reach the hub. */
        'hub'
      ]),
      /** A sentence for support, in English. */
      detail: Text
    })
  ),
  /** Records that the hub has not acknowledged. */
  waiting: Count,
  /** The last receipt: its short form, and when the hub signed it, by the hub's clock. null = there is none yet. */
  receipt: v.nullable(v.object({ short: Text, atMs: EpochMs })),
  /** Since when the hub answers as it should; null = it does not, or was not asked yet. */
  connectedSinceMs: v.nullable(EpochMs),
  /** Since when the hub's policy has recording switched off; absent = it is on. */
  switchedOffSinceMs: v.optional(EpochMs)
});
export type AuditState = v.InferOutput<typeof AuditState>;

/** One record, as the list shows it. */
export const ListedRecord = v.object({
  /** Names it in the list. */
  id: Text,
  /** By this server's clock; null = not known. */
  occurredAtMs: v.nullable(EpochMs),
  /** @see AuditAction; a newer hub may say others. */
  action: Text,
  package: v.nullable(v.object({ name: Text, version: v.nullable(Text) })),
  /** null = not known. */
  tool: v.nullable(Text),
  /** `path` is known where the environment is still on this server. */
  environment: v.nullable(v.object({ ...AuditEnvironment.entries, path: v.nullable(Text) })),
  gap: v.nullable(v.object({ ...AuditGap.entries, cause: Text })),
  /** Where it is: `server` = on this server only, the hub does not have it yet. */
  place: v.picklist(['hub', 'server']),
  /** Its place in the hub's log; null = not known. */
  index: v.nullable(Count),
  /** Short form of a receipt that covers it; null = none is kept here. */
  receipt: v.nullable(Text)
});
export type ListedRecord = v.InferOutput<typeof ListedRecord>;

/** How the audited log stands, whole. Companion → page, at connection and on every change. */
export const auditState = notification('audit/state', AuditState);

/** Whether the page shows records: only then are they read. Page → companion; a page that goes wants nothing. */
export const auditWanted = notification('audit/wanted', v.object({ wanted: v.boolean() }));

/** The newest records of this server, newest first, whole. Companion → each page that wants them, and on every change. */
export const auditRecords = notification(
  'audit/records',
  v.object({
    records: v.pipe(v.array(ListedRecord), v.maxLength(LISTED_RECORDS)),
    /** There are older ones. */
    isCut: v.boolean(),
    /** What is known of the hub's part. `none`: there is no hub that keeps a log. */
    hub: v.picklist(['none', 'asking', 'read', 'failed']),
    /** Why the hub's part could not be read, a sentence in English; null = it was read, or is being read. */
    failure: v.nullable(Text)
  })
);
export type AuditRecords = v.InferOutput<typeof auditRecords.params>;
