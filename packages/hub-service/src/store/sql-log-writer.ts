import { leafHash, NO_HASH, opaqueEntry, recordEntry } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';
import type { Kysely } from 'kysely';
import { sha256 } from '../sha256.js';
import {
  appendStatements,
  type AppendStatements,
  type INewRecord,
  type IPlacedBatch
} from './append-statements.js';
import { isDeadlock } from './data-error.js';
import type { IDatabase } from './database.js';
import { there } from './find-or-make.js';
import { Identities, type IKnownSpeaker, type IKnownStream, type KnownPlace } from './identities.js';
import type { Appended, IIncomingBatch, ILogWriter, ISpeaker } from './log-writer.js';
import { PackageTerms } from './package-terms.js';
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
    this.identities = new Identities(nowMs, database.personKeys);
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
        return await this.tryAppend(batches, receivedAtMs);
      } catch (error) {
        // Two replicas met the same new people in another order; nothing was stored.
        if (!isDeadlock(error) || attempt === ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  private async tryAppend(
    batches: readonly IIncomingBatch[],
    receivedAtMs: number
  ): Promise<readonly Appended[]> {
    const { kind, write } = this.database;
    await this.identities.refresh(this.database.read);
    const known = this.identities.recall(batches);
    const terms = this.terms.unknown(batches);
    if (known && terms.length === 0 && kind === 'postgres') {
      // It is one statement: a transaction around it would only be round trips during which the log's head is locked.
      return this.appendIn(write, batches, known, receivedAtMs);
    }
    const { appended, keep } = await write.transaction().execute(async db => {
      const { places, keep } = known
        ? { places: known, keep: () => undefined }
        : await this.identities.learn(db, batches);
      await this.terms.add(db, terms);
      return { appended: await this.appendIn(db, batches, places, receivedAtMs), keep };
    });
    keep();
    this.terms.keep(terms);
    return appended;
  }

  private async appendIn(
    db: Kysely<ITables>,
    batches: readonly IIncomingBatch[],
    places: readonly KnownPlace[],
    receivedAtMs: number
  ): Promise<readonly Appended[]> {
    const placed = batches.flatMap((batch, i) => {
      const place = places[i];
      return place
        ? [{ at: i, stream: place.stream.uuid, batch: placedBatch(batch, place, receivedAtMs) }]
        : [];
    });
    const appended = batches.map((): Appended => ({ kind: 'conflict', head: NOTHING }));
    const stored = await this.statements(
      db,
      placed.map(({ batch }) => batch),
      receivedAtMs
    );
    for (const [i, { firstIndex, head }] of stored.entries()) {
      const { at, stream } = there(placed[i]);
      appended[at] =
        firstIndex === null
          ? { kind: 'conflict', head }
          : { kind: 'stored', stream, firstIndex, receivedAtMs };
    }
    return appended;
  }

  private readonly identities: Identities;
  private readonly terms = new PackageTerms();
  private readonly statements: AppendStatements;
  private lastMs = 0;
}

interface IPlace {
  readonly speaker: IKnownSpeaker;
  readonly stream: IKnownStream;
}

function placedBatch(batch: IIncomingBatch, place: IPlace, receivedAtMs: number): IPlacedBatch {
  const { speaker, stream } = place;
  return {
    ...{ hubId: speaker.hubId, personId: speaker.personId, serverId: speaker.serverId },
    ...{ groupSetId: speaker.groupSetId, streamId: stream.id },
    before: { seq: batch.first - 1, hash: batch.prev },
    after: { seq: batch.first + batch.records.length - 1, hash: batch.head },
    records: newRecords(batch, place, receivedAtMs)
  };
}

function newRecords(batch: IIncomingBatch, { speaker, stream }: IPlace, receivedAtMs: number): INewRecord[] {
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
