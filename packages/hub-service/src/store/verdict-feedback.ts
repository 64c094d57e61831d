import type { VerdictFeedback } from '@labkeeper/protocol';
import type { IDatabase } from './database.js';
import { Identities } from './identities.js';
import type { ISpeaker } from './log-writer.js';

/** What somebody said of a verdict. */
export interface IFeedbackRow extends VerdictFeedback {
  readonly atMs: number;
  readonly hub: string;
  /** null = erased. */
  readonly user: string | null;
}

/** "Was this right?" */
export interface IVerdictFeedback {
  /** Durable when it resolves; what was said before is not changed. */
  say(speaker: ISpeaker, feedback: VerdictFeedback): Promise<void>;
  /** The newest first. */
  newest(limit: number): Promise<readonly IFeedbackRow[]>;
}

/** What researchers say of verdicts, in SQLite or PostgreSQL. */
export class SqlVerdictFeedback implements IVerdictFeedback {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {
    this.identities = new Identities(nowMs);
  }

  async say(speaker: ISpeaker, said: VerdictFeedback): Promise<void> {
    await this.database.write.transaction().execute(async db => {
      const { personId, serverId } = await this.identities.session(db).speaker(speaker);
      await db
        .insertInto('verdict_feedback')
        .values({
          uuid: said.id,
          person_id: personId,
          server_id: serverId,
          at_ms: this.nowMs(),
          subject_kind: said.of,
          subject: said.subject,
          told_cause: said.toldCause,
          told_confidence: said.toldConfidence,
          ...{ answer: said.answer, cause: said.cause, note: said.note }
        })
        .onConflict(conflict => conflict.column('uuid').doNothing())
        .execute();
    });
  }

  async newest(limit: number): Promise<readonly IFeedbackRow[]> {
    return this.database.read
      .selectFrom('verdict_feedback as f')
      .innerJoin('person', 'person.id', 'f.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select(['f.uuid as id', 'f.subject_kind as of', 'f.subject', 'f.told_cause as toldCause'])
      .select(['f.told_confidence as toldConfidence', 'f.answer', 'f.cause', 'f.note', 'f.at_ms as atMs'])
      .select(['hub.name as hub', 'person.name as user'])
      .orderBy('f.id', 'desc')
      .limit(limit)
      .execute();
  }

  private readonly identities: Identities;
}
