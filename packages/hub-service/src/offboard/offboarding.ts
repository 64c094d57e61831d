import {
  Act,
  parseShape,
  type OffboardAnswer,
  type OffboardPart,
  type OffboardWanted
} from '@labkeeper/protocol';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { Outgoing } from '../outgoing/outgoing.js';
import type { IDatabase } from '../store/database.js';
import { knownPerson, personOf, type IKnownPerson } from '../store/known-person.js';
import type { IActor, ILegal } from '../store/legal.js';
import { aloneWithActs, noteAct, OWN_USER, type OwnActs } from '../store/own-acts.js';
import type { IOffboardStep } from './steps.js';

export interface IOffboardingOptions {
  readonly database: IDatabase;
  readonly legal: ILegal;
  readonly acts: Pick<OwnActs, 'flush' | 'find'>;
  /** At a hub, in the order in which they are done, after the hold. */
  readonly steps: (hub: string) => readonly IOffboardStep[];
  /** Whether that hub has the user; @throws when it does not say. */
  readonly isKnown: (hub: string, user: string) => Promise<boolean>;
  readonly outgoing: Pick<Outgoing, 'announce'>;
  readonly log: Pick<Logger, 'error' | 'info'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

const SAYS_LENGTH = 1024;

/**
 * Ends somebody's access and leaves one receipt: a signed record of what was ended and what was not. Asked again it ends what
 * is left; where nothing is left the answer is the receipt of before.
 */
export class Offboarding {
  constructor(private readonly options: IOffboardingOptions) {}

  /** @returns null = neither JupyterHub nor the log knows the user; nothing was done. @throws when the database fails. */
  async offboard(actor: IActor, { user, case: caseName }: OffboardWanted): Promise<OffboardAnswer | null> {
    if (user === OWN_USER) {
      return null;
    }
    const { database, outgoing, log, steps } = this.options;
    if (
      (await knownPerson(database.read, actor.hub, user)) === undefined &&
      !(await this.options.isKnown(actor.hub, user))
    ) {
      return null;
    }
    const person = await aloneWithActs(database, db => personOf(db, actor.hub, user));
    const parts: OffboardPart[] = [await this.hold(actor, user, caseName)];
    for (const step of steps(actor.hub)) {
      parts.push(await this.part(step, user));
    }
    if (parts.every(({ state }) => state === 'none')) {
      const before = await this.before(person, user);
      if (before) {
        return before;
      }
    }
    const answer = await this.receipt(actor, person, user, caseName, parts);
    log.info({ complete: answer.complete, record: answer.index }, 'An access was ended.');
    const eventId = answer.record?.eventId ?? `${this.options.nowMs()}`;
    await outgoing
      .announce(
        {
          type: 'user.offboarded',
          timestamp: new Date(this.options.nowMs()).toISOString(),
          data: {
            ...{ hub: actor.hub, user, by: actor.by, complete: answer.complete, index: answer.index },
            failed: parts.flatMap(({ what, state, says }) =>
              state === 'failed' ? [`${what}: ${says ?? 'not ended.'}`.slice(0, SAYS_LENGTH)] : []
            )
          }
        },
        { orderKey: `offboard:${person.uuid}`, onceKey: `offboard:${eventId}` }
      )
      .catch((error: unknown) =>
        log.error({ reason: reasonOf(error) }, 'The end of an access could not be announced.')
      );
    return answer;
  }

  /** One hold on the person is enough, whoever set it. */
  private async hold(actor: IActor, user: string, caseName: string | null): Promise<OffboardPart> {
    const { legal } = this.options;
    const holds = await legal.holds(actor.hub);
    const on = holds.find(({ person, hub }) => person?.name === user && hub === actor.hub);
    if (on) {
      // For which case somebody else set it is no business of whoever asks, such as the firm's directory.
      const says = heldWords(`Hold ${on.id} was on already`, null);
      return { what: 'hold', state: 'none', ended: 0, failed: 0, says };
    }
    const isSet = await legal.hold(actor, user, caseName);
    return {
      what: 'hold',
      state: isSet ? 'done' : 'failed',
      ended: 0,
      failed: isSet ? 0 : 1,
      says: isSet ? heldWords('A legal hold is on', caseName) : 'The log does not know this person.'
    };
  }

  private async part(step: IOffboardStep, user: string): Promise<OffboardPart> {
    try {
      const { ended, failed, says } = await step.end(user);
      const state = failed > 0 ? 'failed' : ended > 0 ? 'done' : 'none';
      return { what: step.what, state, ended, failed, says: says?.slice(0, SAYS_LENGTH) ?? null };
    } catch (error) {
      const says = reasonOf(error).slice(0, SAYS_LENGTH);
      return { what: step.what, state: 'failed', ended: 0, failed: 1, says };
    }
  }

  private async receipt(
    actor: IActor,
    person: IKnownPerson,
    user: string,
    caseName: string | null,
    parts: readonly OffboardPart[]
  ): Promise<OffboardAnswer> {
    const { database, acts, nowMs } = this.options;
    const { eventId } = await aloneWithActs(database, async db =>
      noteAct(
        db,
        {
          ...{ action: 'offboard', atMs: nowMs(), hub: actor.hub, number: null, lifts: null, case: caseName },
          actor: actor.isMachine ? null : (await personOf(db, actor.hub, actor.by)).uuid,
          subject: person.uuid,
          parts: [...parts]
        },
        person.id
      )
    );
    await acts.flush();
    const found = await acts.find(eventId);
    return {
      user,
      complete: isComplete(parts),
      before: false,
      index: found?.index ?? null,
      record: found?.record ?? null,
      parts: [...parts]
    };
  }

  /** The receipt of the time when everything was ended; null = there was none. */
  private async before({ id }: IKnownPerson, user: string): Promise<OffboardAnswer | null> {
    const { database, acts } = this.options;
    const last = await database.write
      .selectFrom('own_record')
      .select(['event_id', 'act'])
      .where('subject_id', '=', id)
      .where('action', '=', 'offboard')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    const act = last && parseShape(Act, last.act);
    if (!last || !act || !isComplete(act.parts)) {
      return null;
    }
    const found = await acts.find(last.event_id);
    return (
      found && {
        ...{ user, complete: true, before: true, index: found.index, record: found.record },
        parts: [...act.parts]
      }
    );
  }
}

/** Without names: it stands in the receipt, which is a record. */
function heldWords(what: string, caseName: string | null): string {
  const named = caseName === null ? '' : ` for the case ${caseName}`;
  return `${what}${named}: nothing of this person can be erased, or deleted by retention, until it is lifted.`;
}

function isComplete(parts: readonly OffboardPart[]): boolean {
  return parts.every(({ state }) => state !== 'failed');
}
