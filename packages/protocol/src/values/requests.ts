import * as v from 'valibot';
import { EpochMs } from './units.js';
import { Uuid } from './audit.js';

/** Longest reason, answer or note, in characters. */
export const REQUEST_TEXT = 2000;
/** Messages of one request's thread, at most. */
export const THREAD_MESSAGES = 50;
/** Sections of the evidence of one request, and lines of one section, at most. */
export const EVIDENCE_SECTIONS = 12;
export const EVIDENCE_LINES = 80;
/** All evidence of one request is at most so long, in characters of its JSON. */
export const EVIDENCE_LENGTH = 32_768;
/** Longest a grant can be asked for, in ms: a year. */
const LONGEST_MS = 366 * 86_400_000;

/** No lone surrogates, which have no bytes, and no NUL, which PostgreSQL does not store. */
const isStorable = (text: string): boolean => /^\P{Surrogate}*$/u.test(text) && !text.includes('\0');
const Storable = (length: number) => v.pipe(v.string(), v.maxLength(length), v.check(isStorable));
const Short = (length: number) => v.pipe(Storable(length), v.minLength(1));

/** What somebody writes; nobody can say nothing. */
export const RequestText = v.pipe(Storable(REQUEST_TEXT), v.regex(/\S/));

/** 1 is a new request. */
export const RequestVersion = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));

/** What can be asked for. */
export const REQUEST_KINDS = ['package', 'tier', 'extension', 'help'] as const;
export const RequestKind = v.picklist(REQUEST_KINDS);
export type RequestKind = v.InferOutput<typeof RequestKind>;

/**
 * How a request stands. A request for help ends as `approved` where it was closed as helped, as `denied` where it was
 * declined; it never becomes `active`. It counts as answered while it is `requested` and support spoke last.
 */
export const REQUEST_STATES = [
  'requested',
  'approved',
  'denied',
  'withdrawn',
  'lapsed',
  'active',
  'expired',
  'revoked',
  'superseded'
] as const;
export const RequestState = v.picklist(REQUEST_STATES);
export type RequestState = v.InferOutput<typeof RequestState>;

const LongestMs = v.pipe(v.number(), v.integer(), v.minValue(60_000), v.maxValue(LONGEST_MS));

/** What is asked for. */
export const RequestWant = v.variant('kind', [
  v.strictObject({
    kind: v.literal('package'),
    ecosystem: v.picklist(['pypi', 'conda', 'cran', 'npm', 'unknown']),
    /** As the ecosystem normalises it. */
    name: Short(256),
    /** null = any that policy allows. */
    version: v.nullable(Short(128))
  }),
  v.strictObject({ kind: v.literal('tier'), tier: Short(128), durationMs: LongestMs }),
  /** More time for a grant: `of` is the request that it came from. */
  v.strictObject({ kind: v.literal('extension'), of: Uuid, durationMs: LongestMs }),
  /** `title`: what it is about, in a line. */
  v.strictObject({ kind: v.literal('help'), title: Short(200) })
]);
export type RequestWant = v.InferOutput<typeof RequestWant>;

/** One section of what a container adds to a request: a heading and lines, so that people can read and trim it. A claim. */
export const EvidenceSection = v.strictObject({
  kind: v.picklist(['deaths', 'meter', 'versions', 'records', 'command', 'other']),
  title: Short(200),
  lines: v.pipe(
    v.array(
      v.strictObject({
        label: Storable(200),
        text: Storable(REQUEST_TEXT)
      })
    ),
    v.maxLength(EVIDENCE_LINES)
  )
});
export type EvidenceSection = v.InferOutput<typeof EvidenceSection>;

/** All that a container adds to a request. */
export const RequestEvidence = v.pipe(
  v.array(EvidenceSection),
  v.maxLength(EVIDENCE_SECTIONS),
  v.check(sections => JSON.stringify(sections).length <= EVIDENCE_LENGTH, 'The evidence is too long.')
);
export type RequestEvidence = v.InferOutput<typeof RequestEvidence>;

/** One message of a request's thread. */
export const ThreadMessage = v.strictObject({
  id: Uuid,
  atMs: EpochMs,
  /** `asker`: whose request it is. */
  from: v.picklist(['asker', 'staff']),
  /** Her name at JupyterHub. */
  by: v.pipe(v.string(), v.maxLength(255)),
  text: Storable(REQUEST_TEXT)
});
export type ThreadMessage = v.InferOutput<typeof ThreadMessage>;

/** A request as a list shows it to whoever asked. Times are the hub's. */
export const RequestSummary = v.strictObject({
  id: Uuid,
  /** Grows with every change, messages included. */
  version: RequestVersion,
  state: RequestState,
  want: RequestWant,
  reason: v.pipe(v.string(), v.maxLength(REQUEST_TEXT)),
  /** Name of the server that it was asked for from; '' is the default one, null = not from a server. */
  server: v.nullable(v.pipe(v.string(), v.maxLength(255))),
  createdAtMs: EpochMs,
  changedAtMs: EpochMs,
  /** When it lapses undecided; null = it is decided, or never lapses. */
  lapsesAtMs: v.nullable(EpochMs),
  /** Until when it is in force; null = it is not, or without an end. */
  untilMs: v.nullable(EpochMs),
  /** Who decided, when and why; null = nobody yet. */
  decision: v.nullable(
    v.strictObject({
      by: v.pipe(v.string(), v.maxLength(255)),
      atMs: EpochMs,
      reason: v.pipe(v.string(), v.maxLength(REQUEST_TEXT))
    })
  ),
  /** Messages in its thread, and who spoke last; null = nobody. */
  messages: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(THREAD_MESSAGES)),
  lastFrom: v.nullable(v.picklist(['asker', 'staff']))
});
export type RequestSummary = v.InferOutput<typeof RequestSummary>;

/** A request with its whole story. */
export const RequestStory = v.strictObject({
  ...RequestSummary.entries,
  evidence: v.array(EvidenceSection),
  thread: v.pipe(v.array(ThreadMessage), v.maxLength(THREAD_MESSAGES))
});
export type RequestStory = v.InferOutput<typeof RequestStory>;

/** "Was this right?": what a researcher says of a verdict. */
export const VerdictFeedback = v.strictObject({
  /** Made by the page: sending it again changes nothing. */
  id: Uuid,
  /** Which: a death, or a notice. */
  of: v.picklist(['death', 'notice']),
  /** Its id in the container. */
  subject: Short(256),
  /** The cause that was told, and how sure. @see Cause, Confidence */
  toldCause: Short(64),
  toldConfidence: Short(64),
  answer: v.picklist(['yes', 'no', 'other']),
  /** What it was instead, one of `Cause`; null = not said. */
  cause: v.nullable(Short(64)),
  note: v.nullable(RequestText)
});
export type VerdictFeedback = v.InferOutput<typeof VerdictFeedback>;
