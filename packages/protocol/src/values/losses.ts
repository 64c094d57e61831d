import * as v from 'valibot';
import { Reclaim } from './save.js';
import { Bytes, Count, EpochMs, KernelId, Text } from './units.js';

/** Variables of one kernel that are told, at most. */
export const VARIABLES_TOLD = 200;
/** Kernels that are told, at most. */
export const KERNELS_TOLD = 50;
/** Documents that are told, at most. */
export const DOCUMENTS_TOLD = 200;

const ShortText = v.pipe(v.string(), v.maxLength(200));

/** A variable of a kernel. */
export const Variable = v.object({
  name: ShortText,
  /** The name of its class. */
  type: ShortText,
  /** Of the object itself, not of what it refers to; null = nobody can say cheaply. */
  bytes: v.nullable(Bytes)
});
export type Variable = v.InferOutput<typeof Variable>;

/** The variables of a kernel as they were at a moment when it was idle. */
export const Variables = v.object({
  asOfMs: EpochMs,
  /** The largest ones. */
  items: v.pipe(v.array(Variable), v.maxLength(VARIABLES_TOLD)),
  /** All of them. */
  count: Count
});
export type Variables = v.InferOutput<typeof Variables>;

/** Why the variables of a kernel are not known. */
export const WhyUnknown = v.picklist([
  /** They are being asked for. */
  'asking',
  /** The kernel works: asking would disturb it. */
  'busy',
  /** Only Python kernels can be asked. */
  'language',
  /** It did not answer, or with something else. */
  'no-answer',
  /** It runs elsewhere, or nobody asks: the administrator switched that off, or asking would count as activity. */
  'not-asked'
]);
export type WhyUnknown = v.InferOutput<typeof WhyUnknown>;

/** How the user's checkpoint cells of one notebook stand. */
export const Checkpoint = v.object({
  cells: Count,
  state: v.picklist([
    /** The kernel works; they run as soon as it does not. */
    'waiting',
    'running',
    'done',
    'failed',
    /** They were not done, or not begun, when the end came. */
    'late',
    /** It is a trial that runs no checkpoint cells, or an end at which none are run. */
    'not-run'
  ]),
  /** Since when it stands so. */
  atMs: EpochMs,
  /** What went wrong, as the kernel says it: "OSError: No space left on device"; null = nothing. */
  problem: v.nullable(Text)
});
export type Checkpoint = v.InferOutput<typeof Checkpoint>;

/** What a kernel holds that is lost with it. */
export const KernelLoss = v.object({
  kernelId: KernelId,
  title: Text,
  path: v.nullable(Text),
  busy: v.boolean(),
  /** What its processes hold; null = not measured. */
  memoryBytes: v.nullable(Bytes),
  /** null = not known, and `why`. */
  variables: v.nullable(Variables),
  why: v.nullable(WhyUnknown),
  /** null = its notebook has no cell with the tag. */
  checkpoint: v.nullable(Checkpoint)
});
export type KernelLoss = v.InferOutput<typeof KernelLoss>;

/** How one document stands. */
export const DocumentStanding = v.object({
  path: Text,
  /** Age of the oldest change that is not safe, in ms; 0 = all is safe. */
  lostMs: Count,
  place: v.picklist(['file', 'journal', 'browser'])
});
export type DocumentStanding = v.InferOutput<typeof DocumentStanding>;

/** What was safe and what was lost when the end came, or would have come. */
export const Receipt = v.object({
  reclaim: Reclaim,
  /** Of the moment that it tells about. */
  atMs: EpochMs,
  /** From the notice until everything was safe, in ms; null = it was not, or no page was there to say. */
  safeAfterMs: v.nullable(Count),
  documents: v.pipe(v.array(DocumentStanding), v.maxLength(DOCUMENTS_TOLD)),
  kernels: v.pipe(v.array(KernelLoss), v.maxLength(KERNELS_TOLD))
});
export type Receipt = v.InferOutput<typeof Receipt>;

/** Reads a receipt that was kept. null = it is none. */
export function parseReceipt(value: unknown): Receipt | null {
  const result = v.safeParse(Receipt, value);
  return result.success ? result.output : null;
}
