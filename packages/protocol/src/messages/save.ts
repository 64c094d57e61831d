import * as v from 'valibot';
import { notification } from '../envelope.js';
import { DocumentKind, FileHash, JournalState, Recovery, RunId, SpliceOutcome } from '../values/save.js';
import { Count, EpochMs, KernelId, Text } from '../values/units.js';

/** The id of a request to a kernel, as the page gave it. */
const MessageId = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

/** Documents that one page may have open, as far as the companion listens. */
export const MOST_DOCUMENTS = 1000;

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

/**
 * The documents that are open in the page, whole. Page → companion, after hello and on every change. `writes`: the page
 * would save the file by itself; of several pages that would, the first one does.
 */
export const documentsOpen = notification(
  'save/documents',
  v.object({
    documents: v.pipe(v.array(v.object({ path: Text, writes: v.boolean() })), v.maxLength(MOST_DOCUMENTS))
  })
);

/** Those of the page's documents that another page saves. Companion → page, on every change. */
export const writersKnown = notification(
  'save/writers',
  v.object({ elsewhere: v.pipe(v.array(Text), v.maxLength(MOST_DOCUMENTS)) })
);

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
 * the page goes away. `c` is the cell's number in the run. `adopted`: another page asked, which is gone, and this one
 * shows the cell; it is sent the outputs, because the kernel's server does not.
 */
export const executing = notification(
  'save/executing',
  v.object({
    run: RunId,
    kernelId: KernelId,
    msgId: MessageId,
    c: Count,
    adopted: v.optional(v.boolean(), false)
  })
);

/**
 * A page shows a document, or it has another kernel now, or the page is connected again. Page → companion. `run` is the
 * last one that this page began of it and did not bring to its end; null = there is none. What a page that is gone left
 * of the document goes to this one.
 */
export const documentShown = notification(
  'save/shown',
  v.object({
    path: Text,
    kind: DocumentKind,
    run: v.nullable(RunId),
    /** The kernel in which cells of the document are run; null = it has none. */
    kernelId: v.nullable(KernelId)
  })
);

/** The page shows the document no more, or not under this path. Page → companion. */
export const documentHidden = notification('save/hidden', v.object({ path: Text }));

/** Longest part of outputs in one message, in UTF-16 units: as JSON at most 6 times as long. */
export const OUTPUTS_PART = 512 * 1024;

/**
 * All outputs of a cell that a page which is gone was running, as a JSON array like the one in the file. Companion →
 * page. A text that is too long for one message is cut between any two characters and its parts follow one another, all
 * but the last with `more`; `at` is where a part begins. For a run that is left they come once, with `save/outputs-end`
 * behind them; of a cell that the page has adopted they come again, whole, until it is `finished`.
 */
export const outputsCollected = notification(
  'save/outputs',
  v.object({
    run: RunId,
    /** The cell's number in the run; in the file where its base is the file with the hash of `save/outputs-end`. */
    c: Count,
    /** The cell's id in the file; null = the file has no ids. */
    id: v.nullable(Text),
    /** `textSum` of the cell's source in the file; null = the page knows the cell. */
    sum: v.nullable(Count),
    /** The code that ran where that is not the file's; null = it is. */
    newSource: v.nullable(v.pipe(v.string(), v.maxLength(OUTPUTS_PART))),
    /** The request, while it is not finished or if it is still known; null = it is over long since. */
    msgId: v.nullable(MessageId),
    kernelId: v.nullable(KernelId),
    /** null = it did not finish, or its kernel ended before it did. */
    executionCount: v.nullable(Count),
    /** Nothing more is expected. */
    finished: v.boolean(),
    at: Count,
    more: v.boolean(),
    part: v.pipe(v.string(), v.maxLength(OUTPUTS_PART))
  })
);

/**
 * Everything was sent that a run which is left holds of outputs. Companion → page. `hash` is that of the file whose
 * cells they belong to; `rest`: the run holds other work too, which is offered as a recovered copy.
 */
export const outputsEnd = notification(
  'save/outputs-end',
  v.object({ run: RunId, path: Text, hash: FileHash, rest: v.boolean() })
);

/**
 * What the page made of that. Page → companion. `all`: every cell has its outputs, or newer ones of the page's own; the
 * page closes the run when its own journal or the file holds them. Otherwise a recovered copy is to be made.
 */
export const outputsTaken = notification('save/outputs-taken', v.object({ run: RunId, all: v.boolean() }));
