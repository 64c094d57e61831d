import type { IDatabase } from '../store/database.js';

/** A version of the policy file. */
export interface IPolicyVersion {
  /** SHA-256 of its bytes, hexadecimal. */
  readonly digest: string;
  readonly content: Uint8Array;
}

/** Keeps every version of the policy file that was in force. */
export class PolicyStore {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {}

  /** The version that came into force last; null = none ever did. */
  async last(): Promise<IPolicyVersion | null> {
    const row = await this.database.read
      .selectFrom('policy_use')
      .innerJoin('policy_version', 'policy_version.digest', 'policy_use.digest')
      .select(['policy_version.digest', 'policy_version.content'])
      .orderBy('policy_use.id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ?? null;
  }

  /** Keeps a version that comes into force now. Nothing happens where it is in force already: another replica was first. */
  async use({ digest, content }: IPolicyVersion): Promise<void> {
    const nowMs = this.nowMs();
    await this.database.write.transaction().execute(async db => {
      await db
        .insertInto('policy_version')
        .values({ digest, content, stored_at_ms: nowMs })
        .onConflict(conflict => conflict.doNothing())
        .execute();
      const last = await db
        .selectFrom('policy_use')
        .select('digest')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (last?.digest !== digest) {
        await db.insertInto('policy_use').values({ digest, from_ms: nowMs }).execute();
      }
    });
  }
}
