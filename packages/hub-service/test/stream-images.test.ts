import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { serverKey } from '../src/hub-api/running-servers-api.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { StreamImages } from '../src/store/stream-images.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

describe.each<DatabaseKind>(['sqlite', 'postgres'])('images of servers, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let nowMs = 1_795_000_000_000;
  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });
  const speaker = (user: string, hub = 'hub') => ({ hub, user, server: '', groups: [] });
  const run = (image: string | null) => ({ startedAtMs: nowMs, node: null, image });

  it('are those that their spawners told while their streams were live; the log is read by them', async () => {
    const writer = new SqlLogWriter(database, () => nowMs);
    const reader = new SqlLogReader(database, () => nowMs);
    const images = new StreamImages(database, 'hub', () => nowMs);
    const alice = new CompanionStream();
    const append = (who: ReturnType<typeof speaker>, stream: CompanionStream) =>
      writer.append([batchOf(who, stream.batch(2))]);
    await append(speaker('alice'), alice);
    await append(speaker('bob'), new CompanionStream());
    await append(speaker('carol'), new CompanionStream());
    // Of the same name at another hub: these runs are not hers.
    await append(speaker('alice', 'other'), new CompanionStream());
    const runs = new Map([
      [serverKey('alice', ''), run('registry.example.org/scipy_notebook:2026-10')],
      [serverKey('bob', ''), run('registry.example.org/scipyXnotebook:2026-10')],
      [serverKey('carol', ''), run(null)]
    ]);
    await Promise.all([images.note(runs), images.note(runs)]);
    // She starts anew in another image; what is on record stays with the one before.
    nowMs += 3_600_000;
    await append(speaker('alice'), new CompanionStream());
    await images.note(new Map([[serverKey('alice', ''), run('registry.example.org/gpu:2026-11')]]));
    await append(speaker('alice'), alice);
    await images.note(new Map([[serverKey('alice', ''), run('registry.example.org/gpu:2026-11')]]));

    const found = async (image: string) =>
      (await reader.list({ image }, null, 50)).map(({ user, index }) => `${user} ${index}`);
    // The underscore is a letter, no placeholder.
    expect(await found('scipy_notebook')).toEqual(['alice 11', 'alice 10', 'alice 1', 'alice 0']);
    expect(await found('gpu')).toEqual(['alice 9', 'alice 8']);
    expect(await found('example.org/')).toHaveLength(8);
    expect(await found('nothing')).toEqual([]);
    expect(await reader.count({ image: 'notebook', user: 'bob' }, 10)).toBe(2);
    expect((await reader.story(9))?.image).toBe('registry.example.org/gpu:2026-11');
    expect((await reader.story(4))?.image).toBeNull();
  });
});
