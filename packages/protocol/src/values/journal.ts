import * as v from 'valibot';
import { Count } from './units.js';

/**
 * The journal of one run of one document: what changed since the file with the hash of its `base` record. Records say
 * "field X of cell K is now V", so one that comes twice does no harm; they are applied in order.
 *
 * Cells are numbered within a run: those of the file 0, 1, … in its order (ids in files are no keys: older files have
 * none, and some have one twice), cells that come later the next free numbers. In a text file, 0 is the text.
 */
const CellNumber = Count;
const Json = v.record(v.string(), v.unknown());

/** The file at the beginning of a run; always a run's first record. */
export const BaseRecord = v.object({
  t: v.literal('base'),
  /** Hexadecimal SHA-256 of the file's bytes; null = the run begins with nothing, and everything follows. */
  hash: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  /** Cells in the file; 1 for a text file with a hash, 0 without. */
  cells: Count
});
/** The list of cells: `n` cells before; `del` of them from `at` on are replaced by `cells`. */
export const OrderRecord = v.object({
  t: v.literal('order'),
  n: Count,
  at: Count,
  del: Count,
  cells: v.array(CellNumber)
});
/** A whole cell: inserted, pasted, of another type. */
export const PutRecord = v.object({ t: v.literal('put'), c: CellNumber, cell: Json });
/** The source, whole. */
export const SourceRecord = v.object({ t: v.literal('src'), c: CellNumber, v: v.string() });
/**
 * The source, by what changed: `del` UTF-16 units from `at` on are replaced by `ins`. `sum` is `textSum` of the whole
 * source afterwards.
 */
export const EditRecord = v.object({
  t: v.literal('edit'),
  c: CellNumber,
  at: Count,
  del: v.optional(Count),
  ins: v.optional(v.string()),
  sum: Count
});
/** The execution count. */
export const ExecutionRecord = v.object({ t: v.literal('exec'), c: CellNumber, v: v.nullable(Count) });
/** The cell's metadata, whole. */
export const MetadataRecord = v.object({ t: v.literal('meta'), c: CellNumber, v: Json });
/** The cell's attachments, whole. */
export const AttachmentsRecord = v.object({ t: v.literal('att'), c: CellNumber, v: v.nullable(Json) });
/** Outputs: those from `from` on are replaced by `v`. */
export const OutputsRecord = v.object({
  t: v.literal('out'),
  c: CellNumber,
  from: Count,
  v: v.array(Json)
});
/** A stream output grew: its text from `at` on is `v`. */
export const AppendRecord = v.object({
  t: v.literal('app'),
  c: CellNumber,
  i: Count,
  at: Count,
  v: v.string()
});
/** The notebook's metadata, whole. */
export const NotebookMetadataRecord = v.object({ t: v.literal('nb'), v: Json });

export const JournalRecord = v.variant('t', [
  BaseRecord,
  OrderRecord,
  PutRecord,
  SourceRecord,
  EditRecord,
  ExecutionRecord,
  MetadataRecord,
  AttachmentsRecord,
  OutputsRecord,
  AppendRecord,
  NotebookMetadataRecord
]);
export type JournalRecord = v.InferOutput<typeof JournalRecord>;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The checksum of a text: FNV-1a, 32 bits, over its UTF-16 units, low byte first
 * (http://www.isthe.com/chongo/tech/comp/fnv/). It finds mistakes, not forgeries.
 */
export function textSum(text: string): number {
  let sum = FNV_OFFSET;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    sum = Math.imul(sum ^ (unit & 0xff), FNV_PRIME);
    sum = Math.imul(sum ^ (unit >>> 8), FNV_PRIME);
  }
  return sum >>> 0;
}
