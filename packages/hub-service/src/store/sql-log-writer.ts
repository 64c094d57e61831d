import { NO_HASH } from '@labkeeper/core';
import type { StreamHead } from '@labkeeper/protocol';
import type { Transaction } from 'kysely';
import { isDeadlock } from './data-error.js';
import type { IDatabase } from './database.js';
import { Identities, type IdentitySession } from './identities.js';
import type { Appended, IIncomingBatch, ILogWriter, ISpeaker } from './log-writer.js';
import type { AppendPlaced, IPlacedBatch } from './placed-batch.js';
import { appendToPostgres } from './postgres-append.js';
import { appendToSqlite } from './sqlite-append.js';
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
    this.appendPlaced = database.kind === 'sqlite' ? appendToSqlite : appendToPostgres;
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
        return await this.tryToAppend(batches, receivedAtMs);
      } catch (error) {
        // Two replicas met the same new people in another order; nothing was stored.
        if (!isDeadlock(error) || attempt === ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  private async tryToAppend(
    batches: readonly IIncomingBatch[],
    receivedAtMs: number
  ): Promise<readonly Appended[]> {
    const { database, identities } = this;
    // The usual case: everybody is known, and PostgreSQL's one call is a transaction by itself.
    const known = database.kind === 'postgres' ? identities.known(batches) : null;
    if (known) {
      return this.appendPlaced(database.write, known, receivedAtMs);
    }
    const { session, appended } = await database.write.transaction().execute(async db => {
      const session = identities.session(db);
      return { session, appended: await this.appendIn(db, session, batches, receivedAtMs) };
    });
    session.keep();
    return appended;
  }

  private async appendIn(
    db: Transaction<ITables>,
    session: IdentitySession,
    batches: readonly IIncomingBatch[],
    receivedAtMs: number
  ): Promise<readonly Appended[]> {
    const placed: (IPlacedBatch | null)[] = [];
    for (const batch of batches) {
      const speaker = await session.speaker(batch.speaker);
      const stream = await session.stream(speaker.serverId, batch.boot, batch.first === 1);
      placed.push(stream && { batch, speaker, stream });
    }
    const there = placed.filter(one => one !== null);
    const answers = [...(await this.appendPlaced(db, there, receivedAtMs))];
    // Of a stream that is not there, and that this is not the begin of, nothing is stored.
    return placed.map(one => (one && answers.shift()) ?? { kind: 'conflict', head: NOTHING });
  }

  private readonly identities: Identities;
  private readonly appendPlaced: AppendPlaced;
  private lastMs = 0;
}
