import * as v from 'valibot';
import { notification } from '../envelope.js';
import { DocumentKind, FileHash, JournalState, Recovery, RunId, SpliceOutcome } from '../values/save.js';
import { Count, EpochMs, KernelId, Text } from '../values/units.js';

/** The id of a request to a kernel, as the page gave it. */
const MessageId = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

/**
 * A page opened a document, or begins its journal anew. Page → companion, before the run's first batch. As soon as that
 * batch is durable, the run that it `replaces` is of no use any more: both tell the same, or the newer one more.
 */
export const runOpened = notification(
  'save/open',
  v.object({
    run: RunId,
    path: Text,
    kind: DocumentKind,
    replaces: v.optional(v.nullable(RunId), null),
    /** When the file was last saved by this page; null = not yet. */
    savedAtMs: v.optional(v.nullable(EpochMs), null)
  })
);

/**
 * The head of a bulk frame: its text goes on, after a newline, with the records, one JSON line each (`JournalRecord`).
 * Page → companion. `seq` counts the batches of a run from 1. A batch never changes: one that
 * comes again is dropped by its `seq`. One that is too long for a frame is cut between any two characters, not through a
 * surrogate pair; its pieces follow one another, all but the last with `more`.
 */
export const journalBatch = notification(
  'save/journal',
  v.object({ run: RunId, seq: Count, more: v.boolean() })
);

/**
 * The file with this hash holds everything up to and including batch `seq`. Page → companion. With the last batch, the
 * run is over; with an earlier one this is a mark for recovery, and the page begins a run that replaces it.
 */
export const runSaved = notification(
  'save/saved',
  v.object({ run: RunId, seq: Count, hash: v.nullable(FileHash) })
);

/**
 * The companion is to put everything of a run up to and including batch `seq` into the notebook's file itself, so that
 * no body of its size is built, sent or parsed. Page → companion. Asked again, after a connection that was lost, it is
 * answered again.
 */
export const spliceAsked = notification(
  'save/splice',
  v.object({
    run: RunId,
    seq: Count,
    /** All outputs are trusted: the file is to be signed, as jupyter_server signs what is saved through it. */
    trusted: v.optional(v.boolean(), false)
  })
);

/** What became of it. Companion → page. */
export const spliceDone = notification(
  'save/spliced',
  v.object({ run: RunId, seq: Count, outcome: SpliceOutcome })
);

/** The document has another path. Page → companion. */
export const runRenamed = notification('save/renamed', v.object({ run: RunId, path: Text }));

/** The document was closed, with nothing in it that is not in the file, or the user gave it up. Page → companion. */
export const runClosed = notification('save/closed', v.object({ run: RunId }));

/** Everything up to and including batch `seq` outlives the machine. Companion → page. */
export const batchDurable = notification('save/durable', v.object({ run: RunId, seq: Count, atMs: EpochMs }));

/** A batch cannot be taken: the run must begin anew, because a batch is missing or unknown. Companion → page. */
export const runLost = notification('save/lost', v.object({ run: RunId, seq: Count }));

/** How the journal stands. Companion → page, after hello and on every change. */
export const journalState = notification('save/journal-state', JournalState);

/**
 * A sign that time passes, every few seconds while a hidden page may have work that is not safe: in a frozen page timers
 * stop, messages do not. Companion → page.
 */
export const tick = notification('save/tick', v.object({ atMs: EpochMs }));

/** Documents of earlier runs that hold more than their files, whole. Companion → page, after hello and on change. */
export const recoveriesKnown = notification('save/recoveries', v.object({ recoveries: v.array(Recovery) }));

/** The user decided about one: the recovered copy replaces the file, stays beside it, or is removed. Page → companion. */
export const recoveryDecided = notification(
  'save/recovery-decided',
  v.object({ id: Text, decision: v.picklist(['restore', 'keep-both', 'discard']) })
);

/**
 * A page asked a kernel to execute a cell. Page → companion, as soon as the request is sent; its outputs are kept if
 * the page goes away. `c` is the cell's number in the run.
 */
export const executing = notification(
  'save/executing',
  v.object({ run: RunId, kernelId: KernelId, msgId: MessageId, c: Count })
);

/**
 * The head of a bulk frame: its text goes on, after a newline, with all outputs of a cell that came while the page was
 * away, a JSON array as in the file. Companion → page, when the page is back. A body that is too long for one frame is
 * cut between any two characters and its pieces follow one another, all but the last with `more`. The execution count
 * is null for a cell that did not finish, or whose kernel ended before it did; `finished`: nothing more is expected.
 */
export const outputsCollected = notification(
  'save/outputs',
  v.object({
    run: RunId,
    c: Count,
    executionCount: v.nullable(Count),
    finished: v.boolean(),
    more: v.boolean()
  })
);
