import * as v from 'valibot';
import { Bytes, Count, EpochMs, Text } from './units.js';

/** One run of one document: from the moment a page opens it until it closes it or begins anew. A UUID of the page's. */
export const RunId = v.pipe(v.string(), v.regex(/^[0-9a-f-]{8,64}$/));
export type RunId = v.InferOutput<typeof RunId>;

/** Hexadecimal SHA-256 of a file's bytes, as jupyter_server gives it. */
export const FileHash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** What a document is: decides how its journal is applied. */
export const DocumentKind = v.picklist(['notebook', 'text']);
export type DocumentKind = v.InferOutput<typeof DocumentKind>;

/** Why the journal cannot take what it is given. */
export const JournalTrouble = v.picklist([
  /** The volume has no room, or the user's quota is used up. */
  'disk-full',
  /** The journal's own bound is reached: more unsaved work than it may hold. */
  'journal-full',
  'read-only',
  /** The home does not answer. */
  'slow',
  /** There is no home folder, or it is switched off. */
  'none',
  'failed'
]);
export type JournalTrouble = v.InferOutput<typeof JournalTrouble>;

/** How the journal stands. */
export const JournalState = v.object({
  trouble: v.nullable(JournalTrouble),
  /** The longest that a record now waits until it is on the disk, in ms: grows with the time that one fsync takes. */
  boundMs: Count,
  /** Whether the home outlives the container, as far as can be told: null = unknown. */
  persistent: v.nullable(v.boolean())
});
export type JournalState = v.InferOutput<typeof JournalState>;

/** A document of an earlier run whose journal holds more than the file. */
export const Recovery = v.object({
  id: Text,
  path: Text,
  kind: DocumentKind,
  /** When the last record was written. */
  lastAtMs: EpochMs,
  /** When the file was last known to hold everything; null = not in that run. */
  savedAtMs: v.nullable(EpochMs),
  /** The recovered copy beside the original; null = it could not be made, `problem` says why. */
  copyPath: v.nullable(Text),
  /** Cells that differ from the file; 1 for a text file. */
  changedCells: Count,
  bytes: Bytes,
  /** The server that it was edited on lives: only its page went away. */
  sameServer: v.optional(v.boolean(), false),
  problem: v.nullable(
    v.picklist(['file-changed', 'file-missing', 'journal-damaged', 'not-writable', 'disk-full', 'unreadable'])
  ),
  /** Where it comes from: the journal, what a save left that did not end, or the checkpoint of an empty notebook. */
  origin: v.optional(v.picklist(['journal', 'left-copy', 'checkpoint']), 'journal')
});
export type Recovery = v.InferOutput<typeof Recovery>;

/** Why a file was not saved by the companion; it is as it was. */
export const SpliceRefusal = v.picklist([
  /** It is not the file that the run began with. */
  'changed',
  /** It is a link, has other names, or belongs to somebody else: no new file can take its place. */
  'not-plain',
  /** Not every byte of it is understood, or the records do not fit. */
  'doubt',
  'not-writable',
  'disk-full',
  'unreadable',
  /** The server's files are not plain ones of this machine, or nobody can say. */
  'not-here',
  /** The run is not known, or not so far, or it is not known what became of the file. */
  'unknown-run'
]);
export type SpliceRefusal = v.InferOutput<typeof SpliceRefusal>;

/** What became of a file that the companion was asked to save. */
export const SpliceOutcome = v.variant('kind', [
  v.object({
    kind: v.literal('saved'),
    hash: FileHash,
    sizeBytes: Bytes,
    lastModifiedMs: EpochMs,
    /** Whether it outlives the machine for certain. */
    durable: v.boolean()
  }),
  v.object({ kind: v.literal('refused'), why: SpliceRefusal, detail: Text })
]);
export type SpliceOutcome = v.InferOutput<typeof SpliceOutcome>;

/** Why the machine or the server will end. */
export const ReclaimKind = v.picklist([
  /** A spot or preemptible machine is taken back. */
  'reclaim',
  /** The machine is rebooted, moved or frozen. */
  'maintenance',
  /** The server was idle for long and is stopped by the hub. */
  'cull',
  /** Somebody or something stops the server. */
  'stop',
  /** The time of a batch job is over. */
  'wall-time',
  /** A trial asked for by the user. */
  'trial'
]);
export type ReclaimKind = v.InferOutput<typeof ReclaimKind>;

/** One notice that the end is near. */
export const Reclaim = v.object({
  id: Text,
  kind: ReclaimKind,
  /** When it ends; null = nobody said, any moment. */
  deadlineMs: v.nullable(EpochMs),
  /** When it was first heard of. */
  givenAtMs: EpochMs,
  /** Who said so: "AWS", "Google Cloud", "Azure", "SIGTERM", "file", "endpoint", "SLURM", "you". */
  source: Text,
  /** It is no longer true. */
  withdrawn: v.boolean(),
  /** The machine is moved or frozen for a moment and goes on: what kernels hold is kept. Absent = false. */
  memoryKept: v.optional(v.boolean())
});
export type Reclaim = v.InferOutput<typeof Reclaim>;
