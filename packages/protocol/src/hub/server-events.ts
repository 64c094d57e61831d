import * as v from 'valibot';
import { Uuid } from '../values/audit.js';
import { Bytes, EpochMs } from '../values/units.js';
import { Consequence } from '../values/kernel.js';
import { Cause, Confidence, MemoryAnswer } from '../values/verdict.js';
import { IMAGE_LENGTH } from './events.js';
import { HUB_PROTOCOL } from './records.js';

/** Events in one batch, at most. */
export const SERVER_EVENTS = 100;
/** Bytes of a batch's body, at most. */
export const SERVER_EVENTS_BYTES = 64 * 1024;

/** Of what the companion knows the event by: it says nothing by itself, and is the same when it is sent again. */
const EventId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const WholeMs = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
/** Of one stretch of time: sums of many of them stay whole numbers. */
const Tally = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1e6));
/** Of all kernels of a server in one stretch of time. */
const TogetherMs = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1e11));
const MaybeBytes = v.nullable(Bytes);
const common = { id: EventId, atMs: EpochMs };

/**
 * Names of error classes that are sent as they are: Python's own, which everybody knows. A class that somebody wrote is
 * named by her, so it goes as `other`.
 */
export const ERROR_CLASSES = [
  'ArithmeticError',
  'AssertionError',
  'AttributeError',
  'BlockingIOError',
  'BrokenPipeError',
  'BufferError',
  'ChildProcessError',
  'ConnectionAbortedError',
  'ConnectionError',
  'ConnectionRefusedError',
  'ConnectionResetError',
  'EOFError',
  'FileExistsError',
  'FileNotFoundError',
  'FloatingPointError',
  'ImportError',
  'IndentationError',
  'IndexError',
  'InterruptedError',
  'IsADirectoryError',
  'KeyError',
  'LookupError',
  'MemoryError',
  'ModuleNotFoundError',
  'NameError',
  'NotADirectoryError',
  'NotImplementedError',
  'OSError',
  'OutOfMemoryError',
  'OverflowError',
  'PermissionError',
  'ProcessLookupError',
  'RecursionError',
  'ReferenceError',
  'RuntimeError',
  'StopIteration',
  'SyntaxError',
  'SystemError',
  'SystemExit',
  'TabError',
  'TimeoutError',
  'TypeError',
  'UnboundLocalError',
  'UnicodeDecodeError',
  'UnicodeEncodeError',
  'UnicodeError',
  'ValueError',
  'ZeroDivisionError',
  'other'
] as const;
/** The top-level name of a module. */
export const ModuleName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/));

/** A kernel died: the verdict, and numbers. Nothing of what it ran. */
export const DeathEvent = v.strictObject({
  kind: v.literal('death'),
  ...common,
  cause: Cause,
  confidence: Confidence,
  memory: MemoryAnswer,
  consequence: Consequence,
  signal: v.nullable(Tally),
  exitCode: v.nullable(v.pipe(v.number(), v.integer())),
  heldBytes: MaybeBytes,
  /** Of the container when it died; null = not known. */
  unreclaimableBytes: MaybeBytes,
  limitBytes: MaybeBytes
});

/** The CPU quota held a running cell for long. */
export const ThrottledEvent = v.strictObject({
  kind: v.literal('throttled'),
  ...common,
  minutes: Tally,
  /** Share of the quota's periods in which it was held. */
  share: v.nullable(Share)
});

/** More than nine tenths of the memory limit could not be freed, for ten minutes. Once until there is room again. */
export const MemoryHighEvent = v.strictObject({
  kind: v.literal('memory-high'),
  ...common,
  unreclaimableBytes: Bytes,
  limitBytes: Bytes
});

/** Saves of one stretch of time, an hour at most. */
export const SavesEvent = v.strictObject({
  kind: v.literal('saves'),
  ...common,
  count: Tally,
  /** The longest that a change waited until it was in its file, ms; null = no change did. */
  worstAgeMs: v.nullable(WholeMs),
  /** Times that the journal could not take a change: it was in the browser alone. */
  notSafe: Tally
});

/** How often errors of one class ended a cell, in one stretch of time. Only where policy asks for it. */
export const ErrorsEvent = v.strictObject({
  kind: v.literal('errors'),
  ...common,
  class: v.picklist(ERROR_CLASSES),
  /** Which module is missing, where the class says that one is; null = another class, or not known. */
  module: v.nullable(ModuleName),
  count: Tally
});

/** Kernels that lived, so that deaths have a rate. Counted at the hub, and not kept. */
export const KernelsEvent = v.strictObject({
  kind: v.literal('kernels'),
  ...common,
  started: Tally,
  /** Together. */
  kernelMs: TogetherMs,
  /** Records of installs that the hub does not have yet. */
  unsentRecords: Tally
});

/** Events that will never come. A service from before there were any of these leaves it out. */
export const LostEvent = v.strictObject({
  kind: v.literal('lost'),
  ...common,
  /**
   * `full`: more came than a companion keeps while the hub is away. `old`: the hub was away for longer than events are kept.
   * `damaged`: what an earlier companion kept could not be read.
   */
  why: v.picklist(['full', 'old', 'damaged']),
  /** The first that is missing is from then; null = not known. */
  sinceMs: v.nullable(EpochMs),
  /** How many; null = not known. */
  count: v.nullable(Tally)
});
export type LostEvent = v.InferOutput<typeof LostEvent>;

/** What a companion tells beside the records of installs: short-lived, and in no hashed log. */
export const ServerEvent = v.variant('kind', [
  DeathEvent,
  ThrottledEvent,
  MemoryHighEvent,
  SavesEvent,
  ErrorsEvent,
  KernelsEvent,
  LostEvent
]);
export type ServerEvent = v.InferOutput<typeof ServerEvent>;

/**
 * First line of a batch of events. After it come `count` lines, one event each; lines end with a newline. Events of one
 * boot are numbered from 1 on: what is stored already is not stored again.
 */
export const ServerEventsHead = v.strictObject({
  protocol: v.literal(HUB_PROTOCOL),
  boot: Uuid,
  first: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER - SERVER_EVENTS)),
  count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(SERVER_EVENTS)),
  /** That the server says it runs in; null = it does not know. */
  image: v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(IMAGE_LENGTH)))
});
export type ServerEventsHead = v.InferOutput<typeof ServerEventsHead>;

/** The answer to a batch: what the service now has of this boot. */
export const ServerEventsAnswer = v.strictObject({
  /** Number of the last event; everything up to it may be forgotten. */
  seq: v.pipe(v.number(), v.integer(), v.minValue(0))
});
export type ServerEventsAnswer = v.InferOutput<typeof ServerEventsAnswer>;
