import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Keyring } from '../keys/keyring.js';
import type { MasterKey } from '../keys/master-key.js';
import type { DatabaseKind } from './database.js';
import { PERSON_KEY_BYTES } from './personal-cipher.js';
import type { ITables } from './tables.js';

/** A person's key as it is stored. */
export interface IStoredKey {
  readonly person_id: number;
  /** UUID of the person. */
  readonly person: string;
  readonly key: Uint8Array;
  readonly master_id: string | null;
}

const LOCKED = 'The keys of persons in this database are sealed, and it was opened without their master key.';

/** How a person's key is called where it is sealed: it opens as nobody else's. */
export function personKeyName(person: string): string {
  return `person ${person}`;
}

/** Opens and makes persons' keys. Nothing is remembered: who is erased has no key from then on. */
export class PersonKeys {
  constructor(private readonly kind: DatabaseKind) {}

  /**
   * From now on keys are sealed. Without it only plain ones are read and made, as the versions before master keys did: those
   * are sealed by the next start of a service.
   */
  unlock(keyring: Keyring): void {
    this.keyring = keyring;
  }

  /** @throws Error with one sentence, where it was not unlocked. */
  get masterKeys(): Keyring {
    if (!this.keyring) {
      throw new Error(LOCKED);
    }
    return this.keyring;
  }

  /** By the person's number; who is not in it was erased, or never had one. */
  async read(db: Kysely<ITables>, persons: readonly number[]): Promise<ReadonlyMap<number, KeyObject>> {
    return this.openAll(db, await this.stored(db, persons));
  }

  /**
   * The same, made where there are none, and sealed where they are still plain.
   *
   * @param db - a transaction. @param persons - who have a name: nobody is given a key after she was erased.
   */
  async readOrMake(db: Kysely<ITables>, persons: readonly number[]): Promise<ReadonlyMap<number, KeyObject>> {
    let rows = await this.stored(db, persons);
    const found = new Set(rows.map(({ person_id }) => person_id));
    const missing = persons.filter(id => !found.has(id));
    if (missing.length > 0) {
      await this.make(db, missing);
      rows = await this.stored(db, persons);
    }
    const plain = rows.filter(({ master_id }) => master_id === null);
    if (this.keyring && plain.length > 0) {
      await resealRows(db, this.keyring, plain);
    }
    return this.openAll(db, rows);
  }

  private async openAll(
    db: Kysely<ITables>,
    rows: readonly IStoredKey[]
  ): Promise<ReadonlyMap<number, KeyObject>> {
    const opened = new Map<number, KeyObject>();
    for (const row of rows) {
      opened.set(row.person_id, createSecretKey(await this.open(db, row)));
    }
    return opened;
  }

  /** 32 bytes. @throws Error with one sentence, or when it was altered. */
  private async open(db: Kysely<ITables>, row: IStoredKey): Promise<Uint8Array> {
    if (this.keyring) {
      return openStored(db, this.keyring, row);
    }
    if (row.key.length !== PERSON_KEY_BYTES) {
      throw new Error(LOCKED);
    }
    return row.key;
  }

  private async stored(db: Kysely<ITables>, persons: readonly number[]): Promise<readonly IStoredKey[]> {
    if (persons.length === 0) {
      return [];
    }
    const rows = db
      .selectFrom('person_key')
      .innerJoin('person', 'person.id', 'person_key.person_id')
      .select(['person_key.person_id', 'person.uuid as person', 'person_key.key'])
      .where('person_key.person_id', 'in', [...new Set(persons)])
      .orderBy('person_key.person_id');
    return this.keyring
      ? rows.select('person_key.master_id').execute()
      : // The column may not be there yet.
        (await rows.execute()).map(row => ({ ...row, master_id: null }));
  }

  private async make(db: Kysely<ITables>, ids: readonly number[]): Promise<void> {
    const named = db
      .selectFrom('person')
      .select(['id', 'uuid'])
      .where('id', 'in', [...new Set(ids)])
      .where('name', 'is not', null)
      .orderBy('id');
    // An erasure waits, or is seen here.
    const persons = await (this.kind === 'postgres' ? named.forShare() : named).execute();
    if (persons.length === 0) {
      return;
    }
    const master = await this.keyring?.current(db);
    await db
      .insertInto('person_key')
      .values(persons.map(({ id, uuid }) => ({ person_id: id, ...newKey(master, uuid) })))
      .onConflict(conflict => conflict.doNothing())
      .execute();
  }

  private keyring: Keyring | null = null;
}

/** 32 bytes. @throws Error with one sentence, or when it was altered. */
export async function openStored(
  db: Kysely<ITables>,
  keyring: Keyring,
  { person, key, master_id }: IStoredKey
): Promise<Uint8Array> {
  return master_id === null ? key : (await keyring.get(db, master_id)).open(personKeyName(person), key);
}

/** Seals keys with the master key that is in use; one that changed meanwhile, or is gone, stays as it is. @param db - a transaction. */
export async function resealRows(
  db: Kysely<ITables>,
  keyring: Keyring,
  rows: readonly IStoredKey[]
): Promise<void> {
  const master = await keyring.current(db);
  for (const row of rows) {
    const plain = await openStored(db, keyring, row);
    await db
      .updateTable('person_key')
      .set({ key: master.seal(personKeyName(row.person), plain), master_id: master.id })
      .where('person_id', '=', row.person_id)
      .where('key', '=', row.key)
      .execute();
  }
}

/** Without a master key it has no such column in databases of before. */
function newKey(
  master: MasterKey | undefined,
  person: string
): { readonly key: Uint8Array; readonly master_id?: string } {
  const key = randomBytes(PERSON_KEY_BYTES);
  return master ? { key: master.seal(personKeyName(person), key), master_id: master.id } : { key };
}
