import { createPublicKey, verify } from 'node:crypto';
import { digestText, inclusionProof, rootOfProof, type ISignedDigest } from '@labkeeper/core';
import { DIGEST_RECORDS, DigestMaker } from '../src/digests/digest-maker.js';
import { readBatch } from '../src/ingest/read-batch.js';
import { openKeys, type IKeys } from '../src/keys/keys.js';
import { sha256, sha256Hex } from '../src/sha256.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { SqlLogReader } from '../src/store/sql-log-reader.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const ALICE = { hub: 'hub', user: 'alice', server: '', groups: [] };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('digests on %s', kind => {
  const folder = scratchFolder();
  let scratch: IScratchDatabase;
  let database: IDatabase;
  let keys: IKeys;
  let maker: DigestMaker;
  let writer: SqlLogWriter;

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
    keys = await openKeys(`${folder.path}/state`);
    maker = new DigestMaker({ database, keys, nowMs: () => 1_795_000_000_000 });
    writer = new SqlLogWriter(database, () => 1_795_000_000_000);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });
  afterAll(() => folder.remove());

  async function append(records: number): Promise<void> {
    const read = readBatch(ALICE, new CompanionStream().batch(records));
    if (read.kind === 'batch') {
      await writer.append([read.batch]);
    }
  }

  it('cover the log without a gap, chained and signed; nothing new, no digest', async () => {
    expect(await maker.make()).toEqual([]);
    await append(5);
    const [first, ...none] = await maker.make();
    expect(none).toEqual([]);
    expect(await maker.make()).toEqual([]);
    await append(3);
    await append(1);
    const [second] = await maker.make();
    expect(first?.body).toMatchObject({ number: 0, firstIndex: 0, count: 5, previous: '0'.repeat(64) });
    const range = new LogRange(database);
    const stored = await range.digests(0, 9);
    expect(stored.map(({ signed }) => JSON.parse(signed) as unknown)).toEqual([first, second]);
    expect(second?.body).toMatchObject({
      log: await range.log(),
      number: 1,
      firstIndex: 5,
      count: 4,
      previous: sha256Hex(stored[0]?.signed ?? '')
    });
    expect(await range.digests(5, 6)).toMatchObject([{ number: 1 }]);
    expect(await range.newestDigest()).toMatchObject({ number: 1 });
    for (const digest of [first, second]) {
      expect(isSigned(digest)).toBe(true);
    }
    const leaves: Uint8Array[] = [];
    for await (const leaf of range.leaves(5, 9)) {
      leaves.push(leaf);
    }
    const proof = inclusionProof(sha256, leaves, 2);
    const root = rootOfProof(sha256, leaves[2] ?? sha256(), 2, 4, proof);
    expect(Buffer.from(root ?? []).toString('hex')).toBe(second?.body.root);
    const reader = new SqlLogReader(database, () => 0);
    expect((await reader.story(5))?.digest).toBe(1);
    expect((await reader.story(4))?.digest).toBe(0);
    expect(await reader.status()).toMatchObject({ digests: 2, uncovered: 0 });
  });

  function isSigned(digest: ISignedDigest | undefined): boolean {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: keys.publicKey } });
    return (
      digest !== undefined &&
      verify(null, Buffer.from(digestText(digest.body)), key, Buffer.from(digest.signature, 'base64url'))
    );
  }

  it('are not made over a record that is missing', async () => {
    await append(4);
    await database.write.deleteFrom('record').where('idx', '=', 2).execute();
    await expect(maker.make()).rejects.toThrow('Record 2 is missing from the log.');
  });

  it('are written by one at a time', async () => {
    await append(20);
    const other = new DigestMaker({ database, keys, nowMs: () => 0 });
    if (kind === 'sqlite') {
      // There is one process alone; two makers would be a mistake, and the number of the digest tells.
      expect((await maker.make()).length).toBe(1);
      return;
    }
    const made = (await Promise.all([maker.make(), other.make(), maker.make(), other.make()])).flat();
    expect(made).toHaveLength(1);
    expect(DIGEST_RECORDS).toBeLessThanOrEqual(65_536);
  });
});
