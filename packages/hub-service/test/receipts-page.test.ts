import { receiptAt } from '@labkeeper/core';
import { Browser } from '../src/pages/browser.test.data.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { NotedDatabase } from './support/noted-database.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

describe.each<DatabaseKind>(['sqlite', 'postgres'])('receipts of a real log, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let browser: Browser;
  const nowMs = (): number => Date.now();
  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    browser = await Browser.open({ reader: new SqlLogReader(database, nowMs) });
  });
  afterEach(async () => {
    await browser.fastify.close();
    await database.close();
    await scratch.remove();
  });
  const ask = (of: string) => browser.ask(`/receipt?${new URLSearchParams({ of }).toString()}`);

  it('earlier ones of a stream are found as the newest is, and by the whole digest the newest alone', async () => {
    const stream = new CompanionStream();
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
    const writer = new SqlLogWriter(database, nowMs);
    const heads: { readonly index: number; readonly head: string }[] = [];
    for (const count of [3, 1, 4]) {
      const batch = batchOf(speaker, stream.batch(count));
      const [appended] = await writer.append([batch]);
      expect(appended?.kind).toBe('stored');
      heads.push({ index: (heads.at(-1)?.index ?? -1) + count, head: batch.head });
    }
    await browser.visit('/status');
    for (const { index, head } of heads) {
      const page = await ask(receiptAt(index, head));
      expect([index, page.statusCode]).toEqual([index, 200]);
      expect(page.body).toContain(`and the ${index} records before it in its stream`);
    }
    const [first, , last] = heads;
    expect((await ask(last?.head ?? '')).body).toContain('and the 7 records before it in its stream');
    expect((await ask((last?.head ?? '').slice(0, 10))).statusCode).toBe(200);
    expect((await ask(first?.head ?? '')).statusCode).toBe(404);
    expect((await ask(receiptAt(1, first?.head ?? ''))).statusCode).toBe(409);
  });

  it('cost what one record costs, however long the log is', async () => {
    const writer = new SqlLogWriter(database, nowMs);
    const speaker = { hub: 'hub', user: 'anna', server: '', groups: [] };
    const stream = new CompanionStream();
    for (let batch = 0; batch < 20; batch += 1) {
      await writer.append([batchOf(speaker, stream.batch(100))]);
    }
    const noted = new NotedDatabase(scratch.place);
    await new SqlLogReader(noted, nowMs).story(1500);
    for (const query of noted.asked.filter(({ sql }) => /from "record/.test(sql))) {
      if (kind === 'sqlite') {
        expect(await noted.plan(query)).not.toMatch(/^SCAN record/m);
      }
    }
    await noted.close();
  });
});
