import { isUtf8 } from 'node:buffer';
import { gradeOf, holdingEffect } from '@labkeeper/core';
import { AuditRecord, PERSONAL_BYTES, RECORD_BYTES } from '@labkeeper/protocol';
import * as v from 'valibot';
import { sha256Hex } from '../sha256.js';
import type { IIncomingRecord, IRecordColumns } from '../store/log-writer.js';
import { isCanonical } from './is-canonical.js';
import { isShallow } from './json-depth.js';

/** A record lies three deep; its successors may a little more. */
const DEPTH = 8;
/** What stands for the second line of a pair without a personal part. */
const NO_PERSONAL = 'null';

/** A pair of lines, read as far as it could be. */
export interface IReadPair {
  /** null = the line is no record: it is kept as it came. */
  readonly record: AuditRecord | null;
  readonly incoming: IIncomingRecord;
}

/** Reads one pair. Never throws: what cannot be read must not hold up the stream behind it. */
export function readPair(seq: number, recordLine: Buffer, personalLine: Buffer): IReadPair {
  const record = readRecord(recordLine);
  const personal = readPersonal(personalLine);
  if (record === null || personal === undefined || !isCommitted(record, personal)) {
    return {
      record: null,
      incoming: {
        seq,
        line: null,
        opaque: recordLine.toString('base64'),
        personal: personal ?? null,
        columns: UNREADABLE
      }
    };
  }
  return {
    record,
    incoming: { seq, line: recordLine.toString('utf8'), opaque: null, personal, columns: columnsOf(record) }
  };
}

function readRecord(line: Buffer): AuditRecord | null {
  if (line.length > RECORD_BYTES || !isUtf8(line)) {
    return null;
  }
  const text = line.toString('utf8');
  const json = isShallow(text, DEPTH) ? parse(text) : undefined;
  const read = v.safeParse(AuditRecord, json);
  return read.success && !isOfService(read.output) && isCanonical(text, json) ? read.output : null;
}

/** What only the service itself puts on record: no container says what was said at the hub, or that nothing came there. */
function isOfService({ action, message, gap }: AuditRecord): boolean {
  return action === 'message' || message !== undefined || gap?.cause === 'stream-silent';
}

/** @returns undefined = it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns null = there is none; undefined = it is no text, or too long. */
function readPersonal(line: Buffer): string | null | undefined {
  if (line.length > PERSONAL_BYTES || !isUtf8(line)) {
    return undefined;
  }
  const text = line.toString('utf8');
  return text === NO_PERSONAL ? null : text;
}

/** The personal part is the one that the record holds the hash of; it may be withheld. */
function isCommitted(record: AuditRecord, personal: string | null): boolean {
  return personal === null || record.personal === sha256Hex(personal);
}

const UNREADABLE: IRecordColumns = {
  occurredAtMs: null,
  action: 'unreadable',
  ecosystem: null,
  packageName: null,
  packageVersion: null,
  tool: null,
  effect: null,
  grade: 'unreadable',
  environment: null,
  held: null
};

function columnsOf(record: AuditRecord): IRecordColumns {
  const { package: pack, tool, decision, environment, occurredAtMs } = record;
  return {
    occurredAtMs: Number.isSafeInteger(occurredAtMs) ? occurredAtMs : null,
    action: record.action,
    ecosystem: pack?.ecosystem ?? null,
    packageName: searched(pack?.name),
    packageVersion: searched(pack?.version),
    tool: searched(tool?.name),
    effect: decision?.effect ?? null,
    grade: gradeOf(record).grade,
    environment: environment?.id ?? null,
    held: holdingEffect(record)
  };
}

/** PostgreSQL has no text with a NUL in it. The exact line keeps it, as an escape. */
function searched(text: string | null | undefined): string | null {
  return text?.replaceAll('\0', '\uFFFD') ?? null;
}
