import { leafHash, opaqueEntry, recordEntry } from '@labkeeper/core';
import type { Kysely } from 'kysely';
import { sha256 } from '../sha256.js';
import type { IKnownSpeaker, IKnownStream } from './identities.js';
import type { Appended, IIncomingBatch } from './log-writer.js';
import { placeOf, sealPersonal } from './personal-cipher.js';
import type { IRecordTable, ITables } from './tables.js';

/** A batch with the rows that it belongs to. */
export interface IPlacedBatch {
  readonly batch: IIncomingBatch;
  readonly speaker: IKnownSpeaker;
  readonly stream: IKnownStream;
}

/** One record with everything that is stored of it, but its index. */
export interface INewRecord extends Omit<IRecordTable, 'idx'> {
  readonly entry: string;
  readonly sealed: Uint8Array | null;
}

/**
 * Appends in the form that its database does fastest: moves each stream's head by compare-and-set, which is the only key of
 * idempotence, numbers the records of those that moved, and stores them. A stream that comes twice goes on twice, one after
 * the other.
 */
export type AppendPlaced = (
  db: Kysely<ITables>,
  placed: readonly IPlacedBatch[],
  receivedAtMs: number
) => Promise<readonly Appended[]>;

/** A batch's last sequence number. */
export function lastSeq({ first, records }: IIncomingBatch): number {
  return first + records.length - 1;
}

/** The rows of a batch. */
export function newRecords({ batch, speaker, stream }: IPlacedBatch, receivedAtMs: number): INewRecord[] {
  return batch.records.map(({ seq, line, opaque, personal, columns }) => {
    const frame = {
      hub: batch.speaker.hub,
      person: speaker.person,
      server: speaker.server,
      stream: stream.uuid,
      seq,
      receivedAtMs
    };
    const entry = line === null ? opaqueEntry(frame, opaque ?? '') : recordEntry(frame, line);
    return {
      received_at_ms: receivedAtMs,
      hub_id: speaker.hubId,
      person_id: speaker.personId,
      server_id: speaker.serverId,
      group_set_id: speaker.groupSetId,
      stream_id: stream.id,
      seq,
      occurred_at_ms: columns.occurredAtMs,
      action: columns.action,
      ecosystem: columns.ecosystem,
      package_name: columns.packageName,
      package_version: columns.packageVersion,
      tool: columns.tool,
      effect: columns.effect,
      grade: columns.grade,
      environment: columns.environment,
      leaf: leafHash(sha256, Buffer.from(entry)),
      entry,
      sealed: personal === null ? null : sealPersonal(speaker.personKey, placeOf(stream.uuid, seq), personal)
    };
  });
}
