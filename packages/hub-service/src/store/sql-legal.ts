import type { Kysely, Transaction } from 'kysely';
import { ONE_HUB, type HubScope } from '../hubs/hub-scope.js';
import type { IDatabase } from './database.js';
import { eraseByName, eraseRequests } from './erase-requests.js';
import { knownPerson, personOf } from './known-person.js';
import type { Erased, IActor, ILegal, ILegalAct } from './legal.js';
import { aloneWithActs, noteAct, OWN_USER, type OwnActs } from './own-acts.js';
import { byMonth } from './record-lines.js';
import { forgetEvents } from './sql-server-events.js';
import type { ITables, LegalActKind } from './tables.js';

/** Personal parts that are deleted at a time: the log goes on between. */
const AT_A_TIME = 1000;

/** Legal holds and erasure in SQLite or PostgreSQL. */
export class SqlLegal implements ILegal {
  /** @param nowMs - epoch ms. @param own - appends acts to the log, as far as it can now; without it they wait for one that does. @param erased - told of an erasure once it is committed. @param scope - what actors of a hub are limited to. */
  constructor(
    private readonly database: IDatabase,
    private readonly nowMs: () => number,
    private readonly own: Pick<OwnActs, 'flush'> | null = null,
    private readonly erased: () => Promise<void> = () => Promise.resolve(),
    private readonly scope: HubScope = ONE_HUB
  ) {}

  acts(limit: number, hub: string | null = null): Promise<readonly ILegalAct[]> {
    return read(at(hub, actsOf(this.database.read)).limit(limit));
  }

  holds(hub: string | null = null): Promise<readonly ILegalAct[]> {
    return read(at(hub, holdsOf(this.database.read)));
  }

  hold(actor: IActor, user: string | null, caseName: string | null): Promise<boolean> {
    return this.alone(async db => {
      const person = user === null ? null : (await human(db, actor.hub, user))?.id;
      if (person === undefined) {
        return false;
      }
      await this.act(db, actor, { kind: 'hold', person_id: person, case_name: caseName, lifts: null });
      return true;
    });
  }

  lift(actor: IActor, hold: number): Promise<boolean> {
    return this.alone(async db => {
      const found = await at(this.scope(actor.hub), holdsOf(db))
        .select(['a.person_id', 'a.case_name'])
        .where('a.id', '=', hold)
        .executeTakeFirst();
      if (!found) {
        return false;
      }
      const { person_id, case_name } = found;
      await this.act(db, actor, { kind: 'lift', person_id, case_name, lifts: hold });
      return true;
    });
  }

  async erase(actor: IActor, user: string): Promise<Erased> {
    const done = await this.alone(async db => {
      const id = (await human(db, actor.hub, user))?.id;
      if (id === undefined) {
        return { kind: 'unknown' } as const;
      }
      const [hold] = await read(
        at(this.scope(actor.hub), holdsOf(db)).where(eb =>
          eb.or([eb('a.person_id', '=', id), eb('a.person_id', 'is', null)])
        )
      );
      if (hold) {
        return { kind: 'held', hold } as const;
      }
      await forgetEvents(db, id);
      await db.deleteFrom('person_key').where('person_id', '=', id).execute();
      await eraseRequests(db, id);
      await eraseByName(db, actor.hub, user);
      await db.updateTable('server').set({ name: null }).where('person_id', '=', id).execute();
      const { uuid } = await db
        .updateTable('person')
        .set({ name: null })
        .where('id', '=', id)
        .returning('uuid')
        .executeTakeFirstOrThrow();
      await this.act(db, actor, { kind: 'erase', person_id: id, case_name: null, lifts: null });
      return { kind: 'erased', id, person: uuid } as const;
    });
    if (done.kind !== 'erased') {
      return done;
    }
    try {
      await this.erased();
    } finally {
      // Without the key nobody reads them any more; deleting them may take its time.
      await this.deletePersonal(done.id);
    }
    return { kind: 'erased', person: done.person };
  }

  /**
   * Does an erasure again in a log that was restored from before it. Holds do not stop it.
   *
   * @param uuid - of the person.
   * @returns false = nobody is known by it, or she is erased already.
   */
  async eraseAgain(uuid: string): Promise<boolean> {
    const id = await this.alone(async db => {
      const found = await db
        .selectFrom('person')
        .innerJoin('hub', 'hub.id', 'person.hub_id')
        .select(['person.id', 'person.name', 'hub.name as hub'])
        .where('person.uuid', '=', uuid)
        .where('person.name', 'is not', null)
        .where('person.name', '!=', OWN_USER)
        .executeTakeFirst();
      if (!found) {
        return null;
      }
      await forgetEvents(db, found.id);
      await db.deleteFrom('person_key').where('person_id', '=', found.id).execute();
      await eraseRequests(db, found.id);
      if (found.name !== null) {
        await eraseByName(db, found.hub, found.name);
      }
      await db.updateTable('server').set({ name: null }).where('person_id', '=', found.id).execute();
      await db.updateTable('person').set({ name: null }).where('id', '=', found.id).execute();
      const actor = {
        hub: found.hub,
        by: 'labkeeper restore',
        isMachine: true,
        reason: 'Was erased after this backup was made.'
      };
      await this.act(db, actor, { kind: 'erase', person_id: found.id, case_name: null, lifts: null });
      return found.id;
    });
    if (id !== null) {
      await this.deletePersonal(id);
    }
    return id !== null;
  }

  /** Deletes what is left of personal parts whose person was erased: the service may have been killed in between. */
  async finishErasures(): Promise<void> {
    // By the act: a person without a key may be one whose keys were not restored yet.
    const erased = await this.database.read
      .selectFrom('legal_act')
      .select('person_id')
      .distinct()
      .where('kind', '=', 'erase')
      .execute();
    for (const { person_id } of erased) {
      if (person_id !== null) {
        await this.deletePersonal(person_id);
      }
    }
  }

  /** No hold is set while an erasure looks for one. What was done is then appended to the log too. */
  private async alone<Result>(act: (db: Transaction<ITables>) => Promise<Result>): Promise<Result> {
    const result = await aloneWithActs(this.database, act);
    await this.own?.flush();
    return result;
  }

  private async act(
    db: Transaction<ITables>,
    { hub, by, reason, isMachine }: IActor,
    what: {
      readonly kind: LegalActKind;
      readonly person_id: number | null;
      readonly case_name: string | null;
      readonly lifts: number | null;
    }
  ): Promise<void> {
    const atMs = this.nowMs();
    const { id } = await db
      .insertInto('legal_act')
      .values({ at_ms: atMs, hub, reader: by, reason, ...what })
      .returning('id')
      .executeTakeFirstOrThrow();
    const { kind, person_id, case_name, lifts } = what;
    const act = {
      ...{ atMs, hub, lifts },
      action: kind,
      number: id,
      actor: isMachine ? null : (await personOf(db, hub, by)).uuid,
      subject: person_id === null ? null : await uuidOf(db, person_id),
      case: case_name,
      parts: []
    };
    await noteAct(db, act, person_id);
  }

  /** Through her records: personal parts have no index of persons. */
  private async deletePersonal(person: number): Promise<void> {
    const db = this.database.write;
    let place = { received_at_ms: -1, idx: -1 };
    for (;;) {
      const rows = await db
        .selectFrom('record')
        .select(['received_at_ms', 'idx'])
        .where('person_id', '=', person)
        .where(eb => eb(eb.refTuple('received_at_ms', 'idx'), '>', eb.tuple(place.received_at_ms, place.idx)))
        // A pair does not tell PostgreSQL which months are out of the question.
        .where('received_at_ms', '>=', place.received_at_ms)
        .orderBy('received_at_ms')
        .orderBy('idx')
        .limit(AT_A_TIME)
        .execute();
      const last = rows.at(-1);
      if (!last) {
        return;
      }
      const places = rows.map(({ idx, received_at_ms }) => ({ index: idx, receivedAtMs: received_at_ms }));
      for (const { indexes, firstMs, lastMs } of byMonth(places)) {
        await db
          .deleteFrom('personal')
          .where('idx', 'in', indexes)
          .where('received_at_ms', '>=', firstMs)
          .where('received_at_ms', '<=', lastMs)
          .execute();
      }
      place = last;
    }
  }
}

/** The service's own stream is nobody's: without its name and key no act could be put on record any more. */
function human(db: Kysely<ITables>, hub: string, name: string): ReturnType<typeof knownPerson> {
  return name === OWN_USER ? Promise.resolve(undefined) : knownPerson(db, hub, name);
}

function actsOf(db: Kysely<ITables>) {
  return db
    .selectFrom('legal_act as a')
    .leftJoin('person', 'person.id', 'a.person_id')
    .select([
      'a.id',
      'a.at_ms as atMs',
      'a.kind',
      'a.hub',
      'a.reader as by',
      'person.uuid',
      'person.name',
      'a.case_name as caseName',
      'a.reason',
      'a.lifts'
    ])
    .orderBy('a.id', 'desc');
}

/** Those at a hub; null = all. */
function at(hub: string | null, query: ReturnType<typeof actsOf>): ReturnType<typeof actsOf> {
  return hub === null ? query : query.where('a.hub', '=', hub);
}

/** Those that are on. */
function holdsOf(db: Kysely<ITables>) {
  return actsOf(db)
    .where('a.kind', '=', 'hold')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('legal_act as l').select('l.id').whereRef('l.lifts', '=', 'a.id')))
    );
}

async function read(query: ReturnType<typeof actsOf>): Promise<readonly ILegalAct[]> {
  const rows = await query.execute();
  return rows.map(({ uuid, name, ...act }) => ({ ...act, person: uuid === null ? null : { uuid, name } }));
}

async function uuidOf(db: Kysely<ITables>, person: number): Promise<string> {
  const { uuid } = await db
    .selectFrom('person')
    .select('uuid')
    .where('id', '=', person)
    .executeTakeFirstOrThrow();
  return uuid;
}
