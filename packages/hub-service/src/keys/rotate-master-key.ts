import type { Kysely } from 'kysely';
import type { IDatabase } from '../store/database.js';
import type { ITables } from '../store/tables.js';
import { Keyring } from './keyring.js';
import type { MasterKey } from './master-key.js';
import { resealPersons } from './reseal-persons.js';
import { resealSecrets } from './sealed-secrets.js';

/** What was sealed anew. */
export interface IResealed {
  readonly persons: number;
  readonly secrets: number;
}

/**
 * Puts another master key in the place of one, and seals everything anew with it. From its first step on each of the two is
 * in the database, sealed under the other, so that services with the one or the other go on; `finishRotation` ends that.
 * Killed anywhere in between, it is finished by doing it again.
 *
 * @param own - the one that was in use. @param nowMs - epoch ms.
 * @throws Error with one sentence, where another one is in use.
 */
export async function rotateMasterKey(
  database: IDatabase,
  own: MasterKey,
  next: MasterKey,
  nowMs: number
): Promise<IResealed> {
  await begin(database, own, next, nowMs);
  const keyring = new Keyring(database.kind, own);
  keyring.add(next);
  return resealAll(database, keyring);
}

/** Afterwards the old master key opens nothing here any more. @param own - the new one. @throws Error with one sentence. */
export async function finishRotation(database: IDatabase, own: MasterKey): Promise<IResealed> {
  const resealed = await resealAll(database, new Keyring(database.kind, own));
  await database.write.transaction().execute(async db => {
    const { id } = await lockedMaster(database, db);
    const left = await db
      .selectFrom('person_key')
      .select('person_id')
      .where(eb => eb.or([eb('master_id', '!=', id), eb('master_id', 'is', null)]))
      .limit(1)
      .execute();
    if (id !== own.id || left.length > 0) {
      throw new Error('The master key is being replaced at this moment: run this again afterwards.');
    }
    await db.deleteFrom('master_key_handover').execute();
  });
  return resealed;
}

/** Whether two master keys are in use at once, because a change is not finished. */
export async function isRotating({ write }: IDatabase): Promise<boolean> {
  const rows = await write.selectFrom('master_key_handover').select('id').limit(1).execute();
  return rows.length > 0;
}

async function begin(database: IDatabase, own: MasterKey, next: MasterKey, nowMs: number): Promise<void> {
  await database.write.transaction().execute(async db => {
    // Whoever seals with the old one at this moment is waited for, and nobody does afterwards.
    const { id } = await lockedMaster(database, db);
    if (id === next.id) {
      return;
    }
    if (id !== own.id) {
      throw new Error(
        `The keys in this database are sealed with the master key ${id}, and ${own.id} was given as the one to be replaced.`
      );
    }
    const earlier = await db.selectFrom('master_key_handover').select('under_id').limit(1).execute();
    if (earlier.length > 0) {
      throw new Error(
        'The last change of the master key is not finished: run labkeeper rotate-master-key --finish first.'
      );
    }
    await db
      .insertInto('master_key_handover')
      .values([
        { id: next.id, under_id: own.id, sealed: next.sealedUnder(own) },
        { id: own.id, under_id: next.id, sealed: own.sealedUnder(next) }
      ])
      .execute();
    await db.updateTable('master_key').set({ id: next.id, since_ms: nowMs }).execute();
  });
}

async function resealAll(database: IDatabase, keyring: Keyring): Promise<IResealed> {
  const { plain, other } = await resealPersons(database, keyring);
  return { persons: plain + other, secrets: await resealSecrets(database, keyring) };
}

function lockedMaster({ kind }: IDatabase, db: Kysely<ITables>): Promise<{ readonly id: string }> {
  const query = db.selectFrom('master_key').select('id');
  return (kind === 'postgres' ? query.forUpdate() : query).executeTakeFirstOrThrow();
}
