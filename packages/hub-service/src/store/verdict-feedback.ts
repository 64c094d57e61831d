import type { VerdictFeedback } from '@labkeeper/protocol';
import type { IDatabase } from './database.js';
import { learnSpeaker } from './learn-speakers.js';
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
  /**
   * Durable when it resolves; what was said before is not changed.
   *
   * @returns false = she has said as much in the last day as is kept of one person; nothing was changed.
   */
  say(speaker: ISpeaker, feedback: VerdictFeedback): Promise<boolean>;
  /** The newest first. @param hub - of whose people alone; null = of all. */
  newest(limit: number, hub?: string | null): Promise<readonly IFeedbackRow[]>;
  /** How often each verdict was called right and wrong; the most answers first. @param hub - as in `newest`. */
  tally(hub?: string | null): Promise<readonly IVerdictTally[]>;
}

/** What is said of one verdict. */
export interface IVerdictTally {
  readonly toldCause: VerdictFeedback['toldCause'];
  readonly right: number;
  /** Wrong, or something else. */
  readonly wrong: number;
}

/** What is kept of one person and day, at most. */
export const FEEDBACKS_A_DAY = 200;
const DAY_MS = 86_400_000;

/** What researchers say of verdicts, in SQLite or PostgreSQL. */
export class SqlVerdictFeedback implements IVerdictFeedback {
  /** @param nowMs - epoch ms. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number
  ) {}

  async say(speaker: ISpeaker, said: VerdictFeedback): Promise<boolean> {
    return this.database.write.transaction().execute(async db => {
      const { personId, serverId } = await learnSpeaker(db, speaker, this.nowMs());
      // What one person says comes one after the other, also where it comes to several replicas.
      await db
        .updateTable('person')
        .set(eb => ({ hub_id: eb.ref('hub_id') }))
        .where('id', '=', personId)
        .execute();
      const { count } = await db
        .selectFrom('verdict_feedback')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('person_id', '=', personId)
        .where('at_ms', '>', this.nowMs() - DAY_MS)
        .where('uuid', '!=', said.id)
        .executeTakeFirstOrThrow();
      if (Number(count) >= FEEDBACKS_A_DAY) {
        return false;
      }
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
      return true;
    });
  }

  async tally(hub: string | null = null): Promise<readonly IVerdictTally[]> {
    const all = this.database.read
      .selectFrom('verdict_feedback')
      .innerJoin('person', 'person.id', 'verdict_feedback.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select(({ fn }) => ['told_cause as toldCause', 'answer', fn.countAll<number>().as('count')]);
    const rows = await (hub === null ? all : all.where('hub.name', '=', hub))
      .groupBy(['told_cause', 'answer'])
      .execute();
    const tallies = new Map<VerdictFeedback['toldCause'], { right: number; wrong: number }>();
    for (const { toldCause, answer, count } of rows) {
      const tally = tallies.get(toldCause) ?? { right: 0, wrong: 0 };
      tally[answer === 'yes' ? 'right' : 'wrong'] += Number(count);
      tallies.set(toldCause, tally);
    }
    return [...tallies]
      .map(([toldCause, tally]) => ({ toldCause, ...tally }))
      .sort((a, b) => b.right + b.wrong - a.right - a.wrong);
  }

  async newest(limit: number, hub: string | null = null): Promise<readonly IFeedbackRow[]> {
    const all = this.database.read
      .selectFrom('verdict_feedback as f')
      .innerJoin('person', 'person.id', 'f.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select(['f.uuid as id', 'f.subject_kind as of', 'f.subject', 'f.told_cause as toldCause'])
      .select(['f.told_confidence as toldConfidence', 'f.answer', 'f.cause', 'f.note', 'f.at_ms as atMs'])
      .select(['hub.name as hub', 'person.name as user']);
    return (hub === null ? all : all.where('hub.name', '=', hub))
      .orderBy('f.id', 'desc')
      .limit(limit)
      .execute();
  }
}
