import { createHash } from 'node:crypto';
import { actText, canonicalJson, exportText, leafHash } from '@labkeeper/core';
import { Act, EndLine, parseShape, RetireLine, SignedDigest, type Retirement } from '@labkeeper/protocol';
import { sha256, sha256Hex } from '../src/sha256.js';
import { aloneWithActs, noteAct } from '../src/store/own-acts.js';
import { fileOf, linesOf, verified } from './support/exported.js';
import { MadeKey } from './support/made-log.js';
import { ACTOR, DAY_MS, RetainedLog } from './support/retained-log.js';

jest.setTimeout(60_000);

/**
 * Whoever owns the service's key and its database takes records away, with acts of her own. Digests are held elsewhere, so that
 * an export with nothing wrong is called whole.
 */
describe('an act of retention', () => {
  let log: RetainedLog;
  beforeEach(async () => {
    log = await RetainedLog.open('sqlite');
    await log.happens('anna', ['install', 'install', 'found-on-disk', 'heartbeat']);
    await log.happens('ben', ['install', 'install', 'install', 'remove']);
    await log.legal.hold(ACTOR, null, 'Case 7');
    await log.legal.lift(ACTOR, (await log.legal.holds())[0]?.id ?? 0);
    await log.digest();
    await log.happens('anna', ['install', 'install']);
    await log.digest();
    log.pass(100);
  });
  afterEach(() => log.close());

  const days = async (period: string): Promise<void> => {
    log.policy = { installs: period };
    await log.livesOn(9);
    await log.digest();
  };
  const digests = async () => {
    const stored = await log.range.digests(0, await log.range.end());
    return stored.flatMap(({ signed }) => parseShape(SignedDigest, signed) ?? []);
  };
  const report = async (bytes: Buffer) =>
    verified(bytes, { digests: [{ name: 'held', digests: await digests() }] });
  const found = async (bytes: Buffer): Promise<string> =>
    (await report(bytes)).findings.first.map(({ what }) => what).join(' ');

  /** An export as the owner of the key writes it: lines changed, and signed again. */
  const resigned = async (change: (lines: string[]) => string[]): Promise<Buffer> => {
    const lines = linesOf(await log.exported()).map(String);
    const last = parseShape(EndLine, lines.pop() ?? '');
    const changed = change(lines);
    const bytes = fileOf(changed.map(line => Buffer.from(line)));
    const body = {
      filter: null,
      firstIndex: 0,
      endIndex: last?.end.body.endIndex ?? 0,
      lines: changed.length,
      count: changed.filter(line => line.startsWith('{"index":')).length,
      sha256: createHash('sha256').update(bytes).digest('hex')
    };
    const end = { body, key: log.keys.signingKeyId, signature: log.keys.sign(exportText(body)) };
    return Buffer.concat([bytes, fileOf([Buffer.from(canonicalJson({ end }))])]);
  };

  /** Takes records away as the service does, with an act that says something else. */
  const takeAway = async (
    first: number,
    end: number,
    change: (act: Act, retired: Retirement) => Act = act => act
  ): Promise<void> => {
    const id = await log.range.log();
    const honest: Retirement = {
      ...{ log: id, class: 'installs', rule: '30 days', days: 30, policy: 'a'.repeat(64) },
      ...{ ranges: [[first, end]], count: end - first, digests: [0, 0], beforeMs: log.nowMs - 30 * DAY_MS }
    };
    const act: Act = {
      ...{ action: 'retire', atMs: log.nowMs, hub: 'hub', number: null, actor: null, subject: null },
      ...{ case: null, lifts: null, parts: [], retired: honest }
    };
    await aloneWithActs(log.database, async db => {
      const own = (await noteAct(db, change(act, honest), null)).id;
      const rows = await db
        .selectFrom('record')
        .select('leaf')
        .where('idx', '>=', first)
        .where('idx', '<', end)
        .orderBy('idx')
        .execute();
      const leaves = Buffer.concat(rows.map(({ leaf }) => leaf));
      await db
        .insertInto('retired')
        .values({ first_idx: first, end_idx: end, own_id: own, at_ms: log.nowMs, leaves })
        .execute();
      for (const table of ['personal', 'record_body', 'record'] as const) {
        await db.deleteFrom(table).where('idx', '>=', first).where('idx', '<', end).execute();
      }
    });
    await log.acts.flush();
    await log.digest();
  };

  it('that holds excuses what it says, and the export is whole', async () => {
    await days('30 days');
    const told = await report(await log.exported());
    expect(told.findings.first).toEqual([]);
    expect(told).toMatchObject({
      outcome: 'whole',
      records: 5,
      proven: 5,
      deleted: { records: 8, count: 1 }
    });
    expect(told.deleted.first[0]).toMatchObject({ records: 8, name: 'installs', rule: '30 days', act: 12 });
    // The same made by hand: what follows differs from it in one thing each.
    await takeAway(2, 3);
    expect((await report(await log.exported())).outcome).toBe('whole');
  });

  const altered: readonly [string, RegExp, (act: Act, retired: Retirement) => Act][] = [
    [
      'its count is wrong',
      /it tells of 3 records, and its ranges of others/,
      (act, retired) => ({ ...act, retired: { ...retired, count: 3 } })
    ],
    [
      'its range is another one',
      /Missing from the log: records 4 to 5\./,
      (act, retired) => ({ ...act, retired: { ...retired, ranges: [[2, 4]] } })
    ],
    [
      'its range is outside the log',
      /not in order, or not before it/,
      (act, retired) => ({ ...act, retired: { ...retired, ranges: [[4000, 4002]] } })
    ],
    [
      'its range is over two digests',
      /no one digest covers records 4 to 11/,
      (act, retired) => ({ ...act, retired: { ...retired, ranges: [[4, 12]], count: 8 } })
    ],
    [
      'it names another digest',
      /are in digest 0, and it names others/,
      (act, retired) => ({ ...act, retired: { ...retired, digests: [1, 1] } })
    ],
    [
      'the records were younger than its period',
      /records 4 to 5 were not 7 years old, by their digest's own time/,
      (act, retired) => ({ ...act, retired: { ...retired, rule: '7 years', days: 2557 } })
    ],
    [
      'its rule is another one than its days',
      /its rule and its days are not the same period/,
      (act, retired) => ({ ...act, retired: { ...retired, rule: '7 years' } })
    ],
    [
      'it says a time to come, to make records older',
      /says a time that had not come yet/,
      (act, retired) => ({
        ...act,
        atMs: act.atMs + 2600 * DAY_MS,
        retired: { ...retired, rule: '7 years', days: 2557 }
      })
    ],
    [
      'it is of another log',
      /it is of another log/,
      (act, retired) => ({ ...act, retired: { ...retired, log: '00000000-0000-4000-8000-000000000000' } })
    ],
    [
      'it is about looks',
      /it is no act of retention/,
      (act, retired) => ({ ...act, retired: { ...retired, class: 'looks', digests: null, ranges: [] } })
    ]
  ];
  it.each(altered)('excuses nothing where %s', async (_what, sentence, change) => {
    await takeAway(4, 6, change);
    const bytes = await log.exported();
    expect(await found(bytes)).toMatch(sentence);
    expect(await found(bytes)).toMatch(
      /Missing from the log: records 4 to 5|Missing from the log: records 4 to 11/
    );
    expect((await report(bytes)).outcome).toBe('altered');
  });

  it('excuses no line that somebody else removed beside it, and the rest verifies', async () => {
    await days('30 days');
    const bytes = await resigned(lines => lines.filter(line => !line.startsWith('{"index":3,')));
    expect(await found(bytes)).toMatch(/Missing from the log: record 3\./);
    expect((await report(bytes)).outcome).toBe('altered');
    // In the database, without an act.
    await log.database.write.deleteFrom('record').where('idx', '=', 3).execute();
    expect(await found(await log.exported())).toMatch(/Missing from the log: record 3\./);
  });

  it('excuses nothing where its line is not signed, by another key, or not there', async () => {
    await days('30 days');
    const other = new MadeKey();
    const forged = (change: (line: RetireLine['retire']) => unknown) =>
      resigned(lines =>
        lines.flatMap(line => {
          const retire = line.startsWith('{"retire":') ? parseShape(RetireLine, line)?.retire : undefined;
          const changed = retire ? change(retire) : line;
          return retire ? (changed === null ? [] : [`{"retire":${canonicalJson(changed)}}`]) : [line];
        })
      );
    const unsigned = await forged(({ index, record }) => ({
      index,
      record: { ...record, signature: record.signature.replace(/^./, first => (first === 'A' ? 'B' : 'A')) }
    }));
    expect(await found(unsigned)).toMatch(
      /Act 12 excuses nothing: its signature does not hold\..*Missing from the log/
    );
    const foreign = await forged(({ index, record }) => ({
      index,
      record: { ...record, key: other.signingKeyId, signature: other.sign(actText(record.act)) }
    }));
    expect(await found(foreign)).toMatch(/which the first line does not list\..*Missing from the log/);
    const absent = await forged(() => null);
    expect(await found(absent)).toMatch(/no act that holds says so/);
    const twice = await resigned(lines =>
      lines.flatMap(line => (line.startsWith('{"retire":') ? [line, line] : [line]))
    );
    expect(await found(twice)).toMatch(/Act 12 stands twice\./);
    const before = await resigned(lines => {
      const acts = lines.filter(line => line.startsWith('{"retire":'));
      return [lines[0] ?? '', ...acts, ...lines.slice(1).filter(line => !acts.includes(line))];
    });
    expect(await found(before)).toMatch(/^Line 2 stands where it does not belong/);
  });

  it('that its owner signs and keeps out of the log makes no export whole, and none that says it is in it', async () => {
    await log.happens('anna', ['heartbeat']);
    await log.digest();
    const id = await log.range.log();
    const end = await log.range.end();
    const act = {
      ...{ action: 'retire', atMs: log.nowMs, hub: 'hub', number: null, actor: null, subject: null },
      ...{ case: null, lifts: null, parts: [] },
      retired: {
        ...{
          log: id,
          class: 'installs',
          rule: '30 days',
          days: 30,
          policy: 'a'.repeat(64),
          ranges: [[4, 6]],
          count: 2
        },
        ...{ digests: [0, 0], beforeMs: log.nowMs }
      }
    };
    const lineAt = (index: number): string =>
      `{"retire":${canonicalJson({
        index,
        record: {
          ...{
            schema: 'labkeeper.act/1',
            eventId: id,
            boot: id,
            seq: 3,
            prev: 'a'.repeat(64),
            action: 'retire',
            act
          },
          ...{ key: log.keys.signingKeyId, signature: log.keys.sign(actText(act)) }
        }
      })}}`;
    const without = (index: number) =>
      resigned(lines => {
        const gone = lines.filter(line => /^\{"index":[45],/.test(line));
        const leaves = gone
          .map(line => leafHash(sha256, Buffer.from(line.slice(line.indexOf('"entry":') + 8, -1))))
          .map(leaf => Buffer.from(leaf).toString('hex'));
        const tombstone = `{"gone":{"firstIndex":4,"count":2,"leaves":"${leaves.join('')}"}}`;
        return [
          ...lines.flatMap(line => (line === gone[0] ? [tombstone] : gone.includes(line) ? [] : [line])),
          lineAt(index)
        ];
      });
    const beyond = await report(await without(end + 5));
    expect(beyond.findings.first).toEqual([]);
    expect(beyond).toMatchObject({ outcome: 'consistent', deleted: { first: [{ isInLog: false }] } });
    expect(await found(await without(end - 1))).toMatch(/is not in the log where it says that it is/);
    expect(await found(await without(5))).toMatch(/not in order, or not before it/);
    // Another record in the place of the deleted one: the hashes are those of the digest.
    const other = await resigned(lines => {
      const at = lines.findIndex(line => line.startsWith('{"index":4,'));
      lines[at] = `{"gone":{"firstIndex":4,"count":1,"leaves":"${sha256Hex('x')}"}}`;
      return [...lines, lineAt(end + 5)];
    });
    expect(await found(other)).toMatch(/one or more of records 0 to 9 are not what digest 0 was signed over/);
  });

  it('excuses no act: a hold that was taken away shows in the service’s own stream', async () => {
    await takeAway(8, 9);
    const bytes = await log.exported();
    expect(await found(bytes)).toMatch(/Missing from stream [0-9a-f-]+ before its record 2: record 1/);
    expect((await report(bytes)).outcome).toBe('altered');
  });

  it('excuses a record once', async () => {
    await takeAway(4, 6);
    await aloneWithActs(log.database, async db => {
      const [row] = await db.selectFrom('own_record').select('act').orderBy('id', 'desc').limit(1).execute();
      const again = parseShape(Act, row?.act ?? '');
      if (!again) {
        throw new Error('There is no act.');
      }
      const { id } = await noteAct(db, again, null);
      await db.deleteFrom('retired').execute();
      const leaves = Buffer.alloc(64);
      await db
        .insertInto('retired')
        .values([
          { first_idx: 4, end_idx: 5, own_id: id - 1, at_ms: 0, leaves: leaves.subarray(0, 32) },
          { first_idx: 5, end_idx: 6, own_id: id, at_ms: 0, leaves: leaves.subarray(0, 32) }
        ])
        .execute();
    });
    await log.acts.flush();
    await log.digest();
    expect(await found(await log.exported())).toMatch(/excuses records 4 to 5 that another act excuses/);
  });
});
