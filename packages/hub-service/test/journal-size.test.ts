import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { openDatabase } from '../src/store/database.js';
import { migratedDatabase } from './support/migrated-databases.js';

jest.setTimeout(60_000);

const LIMIT = 64 * 1024 * 1024;

it('the journal of SQLite gives the disk back that it took while somebody read for long', async () => {
  const { place, remove } = await migratedDatabase('sqlite');
  if (place.kind !== 'sqlite') {
    throw new Error('That is no SQLite.');
  }
  const database = await openDatabase(place, () => undefined);
  const size = (): number => statSync(`${place.file}-wal`).size;
  const db = database.write;
  await sql`create table filler (it blob)`.execute(db);
  const fill = async (megabytes: number): Promise<void> => {
    await sql`delete from filler`.execute(db);
    for (let left = megabytes; left > 0; left -= 1) {
      await sql`insert into filler values (zeroblob(1048576))`.execute(db);
    }
  };
  const longReader = new DatabaseSync(place.file);
  longReader.exec('begin; select count(*) from filler');
  await fill(100);
  expect(size()).toBeGreaterThan(LIMIT);
  longReader.exec('commit');
  longReader.close();
  // It goes into the file at the next commits, and begins anew after that.
  await fill(2);
  await fill(2);
  expect(size()).toBeLessThanOrEqual(LIMIT);
  await database.close();
  await remove();
});
