import { join } from 'node:path';
import type { IVerifyReport } from '@labkeeper/core';
import type { AuditAction, PolicyRetention } from '@labkeeper/protocol';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { DigestMaker } from '../../src/digests/digest-maker.js';
import { exportLog } from '../../src/export/export-log.js';
import { openKeys, registerSigningKey, type IKeys } from '../../src/keys/keys.js';
import { Retention, type IRetentionOptions } from '../../src/retention/retention.js';
import { RetentionMetrics } from '../../src/retention/retention-metrics.js';
import { sha256Hex } from '../../src/sha256.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../../src/store/database.js';
import type { ILogFilter } from '../../src/store/log-reader.js';
import { LogRange } from '../../src/store/log-range.js';
import { OwnActs } from '../../src/store/own-acts.js';
import { ShownRetention } from '../../src/store/shown-retention.js';
import { SqlLegal } from '../../src/store/sql-legal.js';
import { SqlLogWriter } from '../../src/store/sql-log-writer.js';
import { SqlRetention } from '../../src/store/sql-retention.js';
import { batchOf } from './batch-of.js';
import { CompanionStream } from './companion-stream.js';
import { Kept, verified } from './exported.js';
import { migratedDatabase } from './migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './scratch-databases.js';

export const DAY_MS = 86_400_000;
export const ACTOR = { hub: 'hub', by: 'lead', reason: 'a letter' };

/** A log of its own, in which things happen on days that the test says, and what deletes by age. */
export class RetainedLog {
  private constructor(
    readonly scratch: IScratchDatabase,
    readonly database: IDatabase,
    readonly keys: IKeys,
    readonly stateFolder: string,
    private readonly removeFolder: () => void
  ) {
    this.writer = new SqlLogWriter(database, () => this.nowMs);
    this.acts = new OwnActs({ database, writer: this.writer, keys, hubId: 'hub' });
    this.legal = new SqlLegal(database, () => this.nowMs, this.acts);
    this.range = new LogRange(database);
  }

  /** @param isDurable - see `migratedDatabase`. */
  static async open(kind: DatabaseKind, isDurable = false): Promise<RetainedLog> {
    const scratch = await migratedDatabase(kind, isDurable);
    const folder = scratchFolder();
    const database = await openDatabase(scratch.place, () => undefined);
    const state = join(folder.path, 'state');
    const keys = await openKeys(state);
    const log = new RetainedLog(scratch, database, keys, state, () => folder.remove());
    await registerSigningKey(database, keys, log.nowMs);
    return log;
  }

  nowMs = Date.UTC(2026, 0, 1, 4);
  policy: PolicyRetention = {};
  readonly writer: SqlLogWriter;
  readonly acts: OwnActs;
  readonly legal: SqlLegal;
  readonly range: LogRange;

  /** Records of somebody's server, in one batch. */
  async happens(
    user: string,
    actions: readonly AuditAction[],
    { server = '', hub = 'hub' }: { readonly server?: string; readonly hub?: string } = {}
  ): Promise<void> {
    const key = `${hub} ${user} ${server}`;
    const stream = this.streams.get(key) ?? new CompanionStream();
    this.streams.set(key, stream);
    const makers = actions.map(action => () => stream.pair(record => ({ ...record, action })));
    const speaker = { hub, user, server, groups: [] };
    const [appended] = await this.writer.append([batchOf(speaker, stream.batchOf(makers))]);
    if (appended?.kind !== 'stored') {
      throw new Error('Nothing was stored.');
    }
  }

  async digest(): Promise<void> {
    await new DigestMaker({ database: this.database, keys: this.keys, nowMs: () => this.nowMs }).make();
  }

  pass(days: number): void {
    this.nowMs += days * DAY_MS;
  }

  /** One replica. @param database - its own; the log's unless given. @param more - what is not as usual. */
  replica(database: IDatabase = this.database, more: Pick<IRetentionOptions, 'runRecords'> = {}): Retention {
    const writer = new SqlLogWriter(database, () => this.nowMs);
    return new Retention({
      database,
      store: new SqlRetention(database, 'hub'),
      acts: new OwnActs({ database, writer, keys: this.keys, hubId: 'hub' }),
      policy: () => ({
        digest: sha256Hex(JSON.stringify(this.policy)),
        policy: { switch: [], retention: this.policy }
      }),
      metrics: new RetentionMetrics(new Registry()),
      log: pino({ level: 'silent' }),
      nowMs: () => this.nowMs,
      monotonicMs: () => 0,
      rest: () => Promise.resolve(),
      ...more
    });
  }

  /** Days pass, and every half of one it is looked. */
  async livesOn(days: number, retention = this.replica()): Promise<void> {
    for (let half = 0; half < days * 2; half += 1) {
      this.pass(0.5);
      await retention.run();
    }
  }

  shown(): ShownRetention {
    return new ShownRetention(this.database, () => this.policy);
  }

  /** Indexes, persons and actions of the records that are there. */
  async rows(): Promise<
    readonly { readonly idx: number; readonly name: string | null; readonly action: string }[]
  > {
    return this.database.read
      .selectFrom('record')
      .innerJoin('person', 'person.id', 'record.person_id')
      .select(['record.idx', 'person.name', 'record.action'])
      .orderBy('record.idx')
      .execute();
  }

  /** What is there of certain records: bodies and personal parts too. */
  async left(): Promise<readonly number[]> {
    const counts = await Promise.all(
      (['record', 'record_body', 'personal'] as const).map(table =>
        this.database.read
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
      )
    );
    return counts.map(({ count }) => count);
  }

  async exported(
    range: { readonly firstIndex?: number; readonly endIndex?: number; readonly filter?: ILogFilter } = {}
  ): Promise<Buffer> {
    const out = new Kept();
    await exportLog(
      { source: this.range, signer: this.keys, out, personalOut: null, nowMs: this.nowMs },
      { filter: range.filter ?? null, firstIndex: range.firstIndex ?? 0, endIndex: range.endIndex ?? null }
    );
    return out.bytes;
  }

  async verified(range: Parameters<RetainedLog['exported']>[0] = {}): Promise<IVerifyReport> {
    return verified(await this.exported(range));
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.scratch.remove();
    this.removeFolder();
  }

  private readonly streams = new Map<string, CompanionStream>();
}
