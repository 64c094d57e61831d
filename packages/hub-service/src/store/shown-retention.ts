import { Act, parseShape, type PolicyRetention, type RetentionClass } from '@labkeeper/protocol';
import type { IDatabase } from './database.js';
import { readStates, type IRetentionStates } from './retention-states.js';

/** How retention stands, for people. */
export interface IRetentionShown extends IRetentionStates {
  /** The periods as the policy writes them. */
  readonly policy: PolicyRetention;
  /** Records that were deleted so far. */
  readonly deleted: number;
}

/** Why a record is no longer there. */
export interface IDeletedRecord {
  readonly class: RetentionClass;
  /** Such as `7 years`. */
  readonly rule: string;
  readonly atMs: number;
}

/** Shows how retention stands. */
export class ShownRetention {
  /** @param policy - what the policy says of it now. */
  constructor(
    private readonly database: IDatabase,
    private readonly policy: () => PolicyRetention
  ) {}

  async read(): Promise<IRetentionShown> {
    const { read } = this.database;
    const { deleted } = await read
      .selectFrom('retired')
      .select(({ fn, eb }) => fn.sum<number | null>(eb('end_idx', '-', eb.ref('first_idx'))).as('deleted'))
      .executeTakeFirstOrThrow();
    return { ...(await readStates(read)), policy: this.policy(), deleted: Number(deleted ?? 0) };
  }

  /** null = retention did not delete it. @param index - of the record. */
  async deletion(index: number): Promise<IDeletedRecord | null> {
    const row = await this.database.read
      .selectFrom('retired')
      .innerJoin('own_record', 'own_record.id', 'retired.own_id')
      .select(['retired.end_idx', 'own_record.act'])
      .where('retired.first_idx', '<=', index)
      .orderBy('retired.first_idx', 'desc')
      .limit(1)
      .executeTakeFirst();
    const act = row && row.end_idx > index ? parseShape(Act, row.act) : null;
    return act?.retired ? { class: act.retired.class, rule: act.retired.rule, atMs: act.atMs } : null;
  }
}
