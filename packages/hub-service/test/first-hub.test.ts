import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { backupCommand } from '../src/backup/cli.js';
import { makeBackup } from '../src/backup/make-backup.js';
import { exportCommand } from '../src/export/cli.js';
import { firstHubName, keepFirstHub } from '../src/hubs/first-hub.js';
import type { IKeys } from '../src/keys/keys.js';
import type { DatabaseKind, DatabasePlace, IDatabase } from '../src/store/database.js';
import { keepFurtherHubs } from '../src/store/further-hubs.js';
import { openExisting } from '../src/store/open-existing.js';
import { OwnActs, OWN_USER } from '../src/store/own-acts.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { buildProgram } from './support/build-program.js';
import { CompanionStream } from './support/companion-stream.js';
import { scratchDatabase, scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';
import { startKeys, storageVariables } from './support/service-keys.js';

jest.setTimeout(60_000);

const now = (): number => Date.now();
const DAY = /\d{4}-\d\d-\d\d/;

describe.each<DatabaseKind>(['sqlite', 'postgres'])('the first hub’s name, on %s', kind => {
  let folder: ReturnType<typeof scratchFolder>;
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let keys: IKeys;
  beforeEach(async () => {
    folder = scratchFolder();
    scratch = await scratchDatabase(kind);
    ({ database, keys } = await startKeys(scratch.place, { stateFolder: state() }));
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
    folder.remove();
  });

  const state = (): string => join(folder.path, 'state');
  /** The service's own acts at a hub. */
  const acts = (hubId: string): OwnActs =>
    new OwnActs({ database, keys, hubId, writer: new SqlLogWriter(database, now) });
  const held = async (hub: string, first = hub): Promise<void> => {
    const actor = { hub, by: 'lead', reason: 'a letter' };
    await new SqlLegal(database, now, acts(first)).hold(actor, null, 'a case');
  };
  /** Hubs at which the service's acts stand, one for each record. */
  const own = async ({ read }: IDatabase = database): Promise<readonly string[]> => {
    const rows = await read
      .selectFrom('record')
      .innerJoin('person', 'person.id', 'record.person_id')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select('hub.name')
      .where('person.name', '=', OWN_USER)
      .execute();
    return rows.map(({ name }) => name);
  };
  const variables = (hub: string | null, place: DatabasePlace = scratch.place) => ({
    ...storageVariables(place, { stateFolder: state() }),
    ...(hub === null ? {} : { LABKEEPER_HUB_ID: hub })
  });
  const exported = async (hub: string | null): Promise<readonly [number, string]> => {
    const complaints: string[] = [];
    const code = await exportCommand({
      words: ['--out', join(folder.path, 'export.jsonl')],
      ...{ variables: variables(hub), nowMs: now, say: () => undefined },
      complain: line => complaints.push(line)
    });
    return [code, complaints.join('\n')];
  };
  const forget = () => database.write.deleteFrom('first_hub').execute();

  it('is kept at the first start; another name is refused, whichever replica was first', async () => {
    await keepFirstHub(database, 'west', now());
    await keepFirstHub(database, 'west', now());
    await expect(keepFirstHub(database, 'hub', now())).rejects.toThrow(
      new RegExp(
        `^The first hub of this log is called west \\(kept in its database since ${DAY.source}\\), and LABKEEPER_HUB_ID \\(hub_id of labkeeper\\.hub\\.configure; where neither is set, hub\\) says hub: set it to west, or name another log in LABKEEPER_DATABASE\\.$`
      )
    );
    expect(await firstHubName(database, null)).toBe('west');
    await forget();
    const names = ['west', 'east', 'north', 'west'];
    const tries = await Promise.allSettled(names.map(name => keepFirstHub(database, name, now())));
    const kept = await firstHubName(database, null);
    expect(tries.map(({ status }) => status === 'fulfilled')).toEqual(names.map(name => name === kept));
  });

  it('is none of a further hub', async () => {
    await keepFurtherHubs(database, ['east'], now());
    await expect(keepFirstHub(database, 'east', now())).rejects.toThrow(
      /says that the first hub is called east, and that is a further hub of this log \(by the file in LABKEEPER_HUBS, since \d{4}-\d\d-\d\d\): give the first hub the name that it had, or a new one\.$/
    );
    await keepFirstHub(database, 'west', now());
  });

  it('is what an export goes by that is told none: no act is appended a second time', async () => {
    await keepFirstHub(database, 'west', now());
    await held('west');
    expect(await exported(null)).toEqual([0, '']);
    expect(await own()).toEqual(['west']);
    const [look] = await new SqlLogReader(database, now).looks(1);
    expect(look).toMatchObject({ hub: 'west', kind: 'export' });
    const [code, complaint] = await exported('hub');
    expect([code, complaint]).toEqual([2, expect.stringContaining('is called west (kept in its database')]);
    expect(await own()).toEqual(['west']);
  });

  it('is told by the acts of a log from before it was kept, or by its only hub', async () => {
    expect(await firstHubName(database, null)).toBe('hub');
    await keepFurtherHubs(database, ['east'], now());
    for (const hub of ['east', 'west']) {
      const speaker = { hub, user: 'anna', server: '', groups: [] };
      await new SqlLogWriter(database, now).append([batchOf(speaker, new CompanionStream().batch(1))]);
    }
    expect(await firstHubName(database, null)).toBe('west');
    await held('north');
    await held('east', 'north');
    expect(await firstHubName(database, null)).toBe('north');
    await expect(keepFirstHub(database, 'hub', now())).rejects.toThrow(
      'The first hub of this log is called north (by the acts in it), and'
    );
    // As an export that was told no name left it once: the settings say which is right.
    await acts('hub').flush();
    const [code, complaint] = await exported(null);
    expect([code, complaint]).toEqual([
      2,
      expect.stringContaining('This log has acts of several first hubs (north, hub), and nothing says which')
    ]);
    await keepFirstHub(database, 'north', now());
    expect(await firstHubName(database, null)).toBe('north');
  });

  it('is what a restore goes by that is told none', async () => {
    await keepFirstHub(database, 'west', now());
    await held('west');
    const backup = join(folder.path, 'backup');
    await makeBackup(backup, scratch.place, state(), now());
    const empty = await scratchDatabase(kind);
    const restore = async (hub: string | null, place: DatabasePlace): Promise<readonly [number, string]> => {
      const complaints: string[] = [];
      const code = await backupCommand({
        name: 'restore',
        ...{ words: [backup], variables: variables(hub, place), say: () => undefined },
        complain: line => complaints.push(line)
      });
      return [code, complaints.join('\n')];
    };
    expect(await restore(null, empty.place)).toEqual([0, '']);
    const restored = await openExisting(empty.place);
    expect(await own(restored)).toEqual(['west']);
    await restored.close();
    await empty.remove();
    const other = await scratchDatabase(kind);
    const [code, complaint] = await restore('hub', other.place);
    expect([code, complaint]).toEqual([1, expect.stringContaining('is called west (kept in its database')]);
    await other.remove();
  });

  it('makes the service end with one sentence where its settings say another', async () => {
    await keepFirstHub(database, 'west', now());
    const program = join(folder.path, 'service.mjs');
    await buildProgram(join(__dirname, '../src/main.ts'), program);
    const { status, stdout } = spawnSync(process.execPath, [program], {
      encoding: 'utf8',
      env: {
        ...variables('hub'),
        JUPYTERHUB_API_URL: 'http://127.0.0.1:1/hub/api',
        JUPYTERHUB_API_TOKEN: 'service-token',
        JUPYTERHUB_SERVICE_URL: 'http://127.0.0.1:1/'
      }
    });
    expect([status, stdout]).toEqual([2, expect.stringContaining('is called west (kept in its database')]);
  });
});
