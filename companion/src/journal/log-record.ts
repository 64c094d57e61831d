import {
  parseParams,
  runOpened,
  runRenamed,
  runSaved,
  type DocumentKind,
  type RunId
} from '@labkeeper/protocol';
import { frameOf } from '../recorder/frame.js';
import { pushNumbers, readNumbers } from './varint.js';

/** Longest body of a frame, in bytes. Every frame is shorter, so a longer length in a file is garbage. */
export const FRAME_BYTES = 1024 * 1024;
/** A batch is cut into frames of at most so many bytes of records. */
export const PIECE_BYTES = 512 * 1024;

/** The version of everything below. A reader leaves segments of another one alone. */
export const JOURNAL_FORMAT = 1;

/** What a segment begins with; after it come the heads of all runs that live. */
export interface ISegmentStart {
  readonly kind: 'start';
  readonly boot: string;
  /** Of the server whose companion wrote it, see `serverId`. */
  readonly serverId: string;
  /** When the companion began, in ms since the Unix epoch: times of frames count from here. */
  readonly bootAtMs: number;
  /** How many heads follow. A run that has none here, and whose head does not come later, is of no use any more. */
  readonly heads: number;
}

/** A run: once when it is opened, and again at the start of every segment while it lives. */
export interface IRunHead {
  readonly kind: 'head';
  /** Stands for the run in this boot's frames; never used twice. */
  readonly number: number;
  readonly run: RunId;
  readonly path: string;
  readonly document: DocumentKind;
  readonly replaces: RunId | null;
  readonly openedAtMs: number;
  /** When the file was saved before the run began; null = not that anybody knows. */
  readonly savedAtMs: number | null;
  /** What the file holds of the run; null = nothing, as far as is known. */
  readonly saved: ISavedMark | null;
  /** The last frame of the run that was durable before, 0 = none: what was lost can be told. */
  readonly lastFrame: number;
}

/**
 * A piece of a batch. Frames of a run are numbered from 1 without a gap; a batch begins with a frame that is `first` and
 * is whole with the one that is `last`. Where it breaks off, because a connection did, it begins again.
 */
export interface IBatchFrame {
  readonly kind: 'batch';
  readonly number: number;
  readonly frame: number;
  readonly seq: number;
  readonly first: boolean;
  readonly last: boolean;
  readonly atMs: number;
  readonly body: Buffer;
}

/** Says the same as all frames of the run up to `frame`, and stands for them. */
export interface IFoldFrame {
  readonly kind: 'fold';
  readonly number: number;
  readonly frame: number;
  readonly seq: number;
  readonly atMs: number;
  readonly body: Buffer;
}

/** The file with the hash holds everything up to batch `seq`; null = nobody knows its hash. */
export interface ISavedMark {
  readonly seq: number;
  readonly hash: string | null;
  readonly atMs: number;
}

export interface ISavedFrame extends ISavedMark {
  readonly kind: 'saved';
  readonly number: number;
}

export interface IRenamedFrame {
  readonly kind: 'renamed';
  readonly number: number;
  readonly path: string;
}

/** The run is of no use any more. */
export interface IClosedFrame {
  readonly kind: 'closed';
  readonly number: number;
}

/** The companion ended in order: nothing follows in any segment of this boot. */
export interface IEndFrame {
  readonly kind: 'end';
}

export type LogRecord =
  | ISegmentStart
  | IRunHead
  | IBatchFrame
  | IFoldFrame
  | ISavedFrame
  | IRenamedFrame
  | IClosedFrame
  | IEndFrame;

/** First byte of a batch; the two lowest bits are `first` and `last`. */
const BATCH = 0x10;
const FOLD = 0x20;
/** First byte of the rest: they come seldom, and are JSON. */
const JSON_RECORD = 0x30;

/** Stands where a message has the run's id, for its parser. */
const RUN = '00000000';

/**
 * A record as it lies in a segment, ready to be appended.
 *
 * @param bootAtMs - what times count from.
 */
export function encodeRecord(record: LogRecord, bootAtMs: number): Buffer {
  if (record.kind !== 'batch' && record.kind !== 'fold') {
    const text = JSON.stringify(record.kind === 'start' ? { format: JOURNAL_FORMAT, ...record } : record);
    return frameOf([JSON_RECORD], Buffer.from(text, 'utf8'), FRAME_BYTES);
  }
  const { number, frame, seq, atMs, body } = record;
  const head = [record.kind === 'fold' ? FOLD : BATCH | (record.first ? 1 : 0) | (record.last ? 2 : 0)];
  // A batch has one frame or more, so the frame's number is the greater one; mostly they are the same.
  pushNumbers(head, number, seq, frame - seq, Math.max(0, atMs - bootAtMs));
  return frameOf(head, body, FRAME_BYTES);
}

/**
 * Reads the body of a frame.
 *
 * @returns null for what this version does not know or what makes no sense.
 */
export function parseRecord(bytes: Buffer, bootAtMs: number): LogRecord | null {
  const type = bytes[0] ?? 0;
  if (type === JSON_RECORD) {
    return parseJsonRecord(bytes.toString('utf8', 1));
  }
  const read = type === FOLD || (type & ~3) === BATCH ? readNumbers(bytes, 1, 4) : null;
  if (read === null) {
    return null;
  }
  const [number = 0, seq = 0, more = 0, afterMs = 0] = read.numbers;
  const common = { number, seq, frame: seq + more, atMs: bootAtMs + afterMs, body: bytes.subarray(read.end) };
  return type === FOLD
    ? { kind: 'fold', ...common }
    : { kind: 'batch', first: (type & 1) !== 0, last: (type & 2) !== 0, ...common };
}

function parseJsonRecord(text: string): LogRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The checksum was right, so a companion wrote it: of another version.
    return null;
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) {
    return null;
  }
  const fields: { readonly [name: string]: unknown } = { ...value };
  if (value.kind === 'end') {
    return { kind: 'end' };
  }
  if (value.kind === 'start') {
    return parseStart(fields);
  }
  const number = count(fields['number']);
  return number === null ? null : parseOfRun(value.kind, number, fields);
}

function parseStart(fields: { readonly [name: string]: unknown }): ISegmentStart | null {
  const { format, boot, serverId } = fields;
  const bootAtMs = count(fields['bootAtMs']);
  const heads = count(fields['heads']);
  return format === JOURNAL_FORMAT &&
    typeof boot === 'string' &&
    typeof serverId === 'string' &&
    bootAtMs !== null &&
    heads !== null
    ? { kind: 'start', boot, serverId, bootAtMs, heads }
    : null;
}

function parseOfRun(
  kind: unknown,
  number: number,
  fields: { readonly [name: string]: unknown }
): LogRecord | null {
  try {
    if (kind === 'closed') {
      return { kind, number };
    }
    if (kind === 'renamed') {
      return { kind, number, path: parseParams(runRenamed, { run: RUN, path: fields['path'] }).path };
    }
    if (kind === 'saved') {
      const mark = parseSavedMark(fields);
      return mark && { kind, number, ...mark };
    }
    const openedAtMs = count(fields['openedAtMs']);
    const lastFrame = count(fields['lastFrame']);
    if (kind === 'head' && openedAtMs !== null && lastFrame !== null) {
      const { kind: document, ...head } = parseParams(runOpened, { ...fields, kind: fields['document'] });
      const saved = parseSavedMark(fields['saved']);
      return { kind, number, document, ...head, openedAtMs, saved, lastFrame };
    }
    return null;
  } catch {
    // MessageError: a field that this version does not take.
    return null;
  }
}

function parseSavedMark(value: unknown): ISavedMark | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const fields: { readonly [name: string]: unknown } = { ...value };
  const atMs = count(fields['atMs']);
  const { seq, hash } = parseParams(runSaved, { run: RUN, seq: fields['seq'], hash: fields['hash'] });
  return atMs === null ? null : { seq, hash, atMs };
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
