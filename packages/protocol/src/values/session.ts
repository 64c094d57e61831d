import * as v from 'valibot';
import { DocumentKind } from './save.js';
import { Count, EpochMs, KernelId, Text } from './units.js';

/** Documents that one list names; who has more open than this is not told of all. */
export const MOST_NOTED = 200;
/** Longest first line of a cell, in UTF-16 units; longer ones are cut. */
export const LINE_LENGTH = 200;

/** The cell that a kernel works at, as its page knows it. */
export const RunningCell = v.object({
  kernelId: KernelId,
  /** The first line of its source that is not empty, cut at `LINE_LENGTH`. */
  line: v.pipe(v.string(), v.maxLength(LINE_LENGTH)),
  /** When it was its turn. */
  sinceMs: EpochMs,
  /** Cells that wait behind it. */
  waiting: Count
});
export type RunningCell = v.InferOutput<typeof RunningCell>;

/** A document that is open in a page. */
export const OpenDocument = v.object({
  path: Text,
  kind: DocumentKind,
  /** When the file was last saved by this page; null = not since it was opened. */
  savedAtMs: v.nullable(EpochMs),
  /** null = its kernel does nothing, or it has none. */
  running: v.nullable(RunningCell)
});
export type OpenDocument = v.InferOutput<typeof OpenDocument>;

export const OpenDocuments = v.pipe(v.array(OpenDocument), v.maxLength(MOST_NOTED));

/** What was open when an earlier server ended. */
export const EarlierSession = v.object({
  id: Text,
  startedAtMs: EpochMs,
  /** When it ended, or was last known to live. */
  lastAtMs: EpochMs,
  /** It was stopped in order: by the user, the hub or a signal. */
  orderly: v.boolean(),
  documents: OpenDocuments,
  /** The user was told once by a notification. */
  told: v.boolean()
});
export type EarlierSession = v.InferOutput<typeof EarlierSession>;
