import { sql } from 'kysely';
import {
  openDatabase,
  type DatabaseKind,
  type DatabasePlace,
  type IDatabase
} from '../src/store/database.js';
import { KilledMigration } from './support/killed-migration.js';
import { scratchDatabase, scratchFolder } from './support/scratch-databases.js';

jest.setTimeout(240_000);

/** Tables with their columns and types. */
async function shapeOf({ read }: IDatabase): Promise<string[]> {
  const tables = await read.introspection.getTables({ withInternalKyselyTables: true });
  return tables
    .map(
      ({ name, columns }) =>
        `${name} ${columns.map(({ name, dataType }) => `${name} ${dataType}`).join(', ')}`
    )
    .sort();
}

const open = (place: DatabasePlace): Promise<IDatabase> => openDatabase(place, () => undefined);

describe.each<DatabaseKind>(['sqlite', 'postgres'])('the schema on %s', kind => {
  const folder = scratchFolder();
  let migration: KilledMigration;
  beforeAll(async () => {
    migration = await KilledMigration.make(folder.path);
  });
  afterAll(() => folder.remove());

  it('is whole at the next start, at whatever statement a migration was killed', async () => {
    const whole = await scratchDatabase(kind);
    const finished = await open(whole.place);
    const shape = await shapeOf(finished);
    await finished.close();
    let kills = 0;
    for (let statement = 1; ; statement += 9) {
      const scratch = await scratchDatabase(kind);
      const said = migration.at(scratch.place, statement);
      // A second one is killed where the first one may have left something.
      const again = said === null && migration.at(scratch.place, statement + 4);
      const database = await open(scratch.place);
      expect(await shapeOf(database)).toEqual(shape);
      await database.close();
      await scratch.remove();
      if (said !== null) {
        expect(said).toBe('open');
        break;
      }
      kills += again === null ? 2 : 1;
    }
    expect(kills).toBeGreaterThan(8);
    await whole.remove();
  });

  it('is not touched by an older version, which says what to do in one sentence', async () => {
    const scratch = await scratchDatabase(kind);
    const newer = await open(scratch.place);
    await sql`insert into kysely_migration (name, timestamp) values ('2099-01-01-later', '2099-01-01T00:00:00.000Z')`.execute(
      newer.write
    );
    const shape = await shapeOf(newer);
    await expect(open(scratch.place)).rejects.toThrow(
      /^The database is that of a newer version of Labkeeper \(this one does not know 2099-01-01-later\): start that version here as well, or restore a backup from before it; nothing was changed\.$/
    );
    expect(await shapeOf(newer)).toEqual(shape);
    await newer.close();
    await scratch.remove();
  });
});
