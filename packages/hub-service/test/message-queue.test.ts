import { sql } from 'kysely';
import { Losses } from '../src/outgoing/losses.js';
import { MessageQueue } from '../src/outgoing/message-queue.js';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import { NotedDatabase } from './support/noted-database.js';
import { scratchDatabase, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(120_000);

const NOW_MS = 1_795_000_000_000;
/** Targets, and messages that wait for each: as many as may. */
const TARGETS = 2;
const WAITING = 10_000;
const ALL = TARGETS * WAITING;
/** These are tried at this moment, and as many others wait behind them, but for the last ones. */
const TRIED = ALL / 2;
const FREE = 60;
const LEASE = 'this replica';

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a full queue of messages on %s', kind => {
  let scratch: IScratchDatabase;
  let database: NotedDatabase;
  beforeAll(async () => {
    scratch = await scratchDatabase(kind);
    const made = await openDatabase(scratch.place, () => undefined);
    await sql`with recursive n(i) as (select 0 union all select i + 1 from n where i < ${sql.lit(ALL - 1)})
      insert into outgoing_message (target, message_id, order_key, once_key, body, hub, at_ms, state, attempts, next_at_ms)
      select 'target-' || (i % ${sql.lit(TARGETS)}), 'msg_' || i,
        'matter-' || case when i < ${sql.lit(ALL - FREE)} then i % ${sql.lit(TRIED)} else i end, 'once-' || i, '{}', 'hub',
        ${sql.lit(NOW_MS)}, 'waiting', 0,
        case when i < ${sql.lit(TRIED)} then ${sql.lit(NOW_MS + 60_000)} else ${sql.lit(NOW_MS)} end
      from n`.execute(made.write);
    await sql`analyze`.execute(made.write);
    await made.close();
    database = new NotedDatabase(scratch.place);
  });
  afterAll(async () => {
    await database.close();
    await scratch.remove();
  });

  it('is looked through once for the next messages, not once for each of them', async () => {
    const queue = new MessageQueue(database, () => NOW_MS, Math.random, new Losses(database, () => NOW_MS));
    const taken = await queue.take('target-1', LEASE, 20);
    expect(taken).toHaveLength(20);
    const due = database.asked.find(({ sql: text }) => text.includes('order_key'));
    if (!due) {
      throw new Error('Nothing was asked.');
    }
    if (kind === 'sqlite') {
      expect(await database.plan(due)).toMatch(
        /SEARCH e USING COVERING INDEX outgoing_message_order \(target=\? AND state=\? AND order_key=\?\)/
      );
      return;
    }
    expect(await database.rowsRead(due)).toBeLessThan(10 * WAITING);
  });
});
