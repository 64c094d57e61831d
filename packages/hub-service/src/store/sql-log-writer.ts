import { leafHash, NO_HASH, opaqueEntry, recordEntry } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';
import type { Transaction } from 'kysely';
import { sha256 } from '../sha256.js';
import { appendStatements, type IAppendStatements, type INewRecord } from './append-statements.js';
import { isDeadlock } from './data-error.js';
import type { IDatabase } from './database.js';
import { heldChange, holdingWrites } from './holding-writes.js';
import { Identities, type IdentitySession, type IKnownSpeaker, type IKnownStream } from './identities.js';
import type { Appended, IIncomingBatch, ILogWriter, ISpeaker } from './log-writer.js';
import { placeOf, sealPersonal } from './personal-cipher.js';
import type { ITables } from './tables.js';

/** How often a group is tried that was rolled back for another's sake. */
const ATTEMPTS = 3;
const NOTHING: StreamHead = { seq: 0, hash: NO_HASH };

/** Appends to the log in SQLite or PostgreSQL. */
export class SqlLogWriter implements ILogWriter {
  /** @param nowMs - epoch ms; where it steps back, received times stay where they were. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {
    this.identities = new Identities(nowMs);
    this.statements = appendStatements(database.kind);
  }

  async head(speaker: ISpeaker, boot: string): Promise<StreamHead> {
    const found = await this.database.read
      .selectFrom('stream')
      .innerJoin('server', 'server.id', 'stream.server_id')
      .innerJoin('person', 'person.id', 'server.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select(['stream.seq', 'stream.head as hash'])
      .where('stream.boot', '=', boot)
      .where('server.name', '=', speaker.server)
      .where('person.name', '=', speaker.user)
      .where('hub.name', '=', speaker.hub)
      .executeTakeFirst();
    return found ?? NOTHING;
  }

  async append(batches: readonly IIncomingBatch[]): Promise<readonly Appended[]> {
    const receivedAtMs = Math.max(this.lastMs, this.nowMs());
    this.lastMs = receivedAtMs;
    for (let attempt = 1; ; attempt++) {
      try {
        const { session, appended } = await this.database.write.transaction().execute(async db => {
          const session = this.identities.session(db);
          return { session, appended: await this.appendIn(db, session, batches, receivedAtMs) };
        });
        session.keep();
        return appended;
      } catch (error) {
        // Two replicas met the same new people in another order; nothing was stored.
        if (!isDeadlock(error) || attempt === ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  private async appendIn(
    db: Transaction<ITables>,
    session: IdentitySession,
    batches: readonly IIncomingBatch[],
    receivedAtMs: number
  ): Promise<readonly Appended[]> {
    const moved = await this.moveHeads(db, session, batches, receivedAtMs);
    const records: INewRecord[] = [];
    const offsets = moved.map(batch => {
      const offset = records.length;
      if (batch?.isMoved) {
        records.push(...newRecords(batch, receivedAtMs));
      }
      return offset;
    });
    const changes = records.flatMap(heldChange);
    const holdings = changes.length > 0 ? await holdingWrites(this.database.kind, db, changes) : null;
    const firstIndex = records.length > 0 ? await this.statements.insert(db, records, holdings) : 0;
    const appended: Appended[] = [];
    for (const [i, batch] of moved.entries()) {
      appended.push(
        batch?.isMoved
          ? {
              kind: 'stored',
              stream: batch.stream.uuid,
              firstIndex: firstIndex + (offsets[i] ?? 0),
              receivedAtMs
            }
          : { kind: 'conflict', head: batch ? await headOf(db, batch.stream) : NOTHING }
      );
    }
    return appended;
  }

  /** @returns for each batch what it belongs to; null = a stream of which nothing is stored, and it is not its begin. */
  private async moveHeads(
    db: Transaction<ITables>,
    session: IdentitySession,
    batches: readonly IIncomingBatch[],
    nowMs: number
  ): Promise<readonly (IPlacedBatch | null)[]> {
    const placed: (IPlacedBatch | null)[] = [];
    for (const batch of batches) {
      const speaker = await session.speaker(batch.speaker);
      const stream = await session.stream(speaker.serverId, batch.boot, batch.first === 1);
      placed.push(stream && { batch, speaker, stream, isMoved: false });
    }
    // A stream that comes twice goes on twice, one after the other.
    let waiting = placed.filter(batch => batch !== null);
    while (waiting.length > 0) {
      const round = new Map<number, IPlacedBatch>();
      const later: IPlacedBatch[] = [];
      for (const batch of waiting) {
        if (round.has(batch.stream.id)) {
          later.push(batch);
        } else {
          round.set(batch.stream.id, batch);
        }
      }
      const moves = [...round.values()].map(({ stream, batch }) => ({
        stream: stream.id,
        beforeSeq: batch.first - 1,
        beforeHead: batch.prev,
        seq: batch.first + batch.records.length - 1,
        head: batch.head
      }));
      for (const id of await this.statements.moveHeads(db, moves, nowMs)) {
        const batch = round.get(id);
        if (batch) {
          batch.isMoved = true;
        }
      }
      waiting = later;
    }
    return placed;
  }

  private readonly identities: Identities;
  private readonly statements: IAppendStatements;
  private lastMs = 0;
}

interface IPlacedBatch {
  readonly batch: IIncomingBatch;
  readonly speaker: IKnownSpeaker;
  readonly stream: IKnownStream;
  /** Its stream went on: it is to be stored. */
  isMoved: boolean;
}

async function headOf(db: Transaction<ITables>, stream: IKnownStream): Promise<StreamHead> {
  return db
    .selectFrom('stream')
    .select(['seq', 'head as hash'])
    .where('id', '=', stream.id)
    .executeTakeFirstOrThrow();
}

function newRecords({ batch, speaker, stream }: IPlacedBatch, receivedAtMs: number): INewRecord[] {
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
      held: columns.held,
      leaf: leafHash(sha256, Buffer.from(entry)),
      entry,
      sealed: personal === null ? null : sealPersonal(speaker.personKey, placeOf(stream.uuid, seq), personal)
    };
  });
}
