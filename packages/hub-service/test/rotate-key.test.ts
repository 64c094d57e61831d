import { copyFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DigestMaker } from '../src/digests/digest-maker.js';
import { exportLog } from '../src/export/export-log.js';
import { openKeys, registerSigningKey } from '../src/keys/keys.js';
import { rotateCommand } from '../src/keys/rotate-command.js';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import { LogRange } from '../src/store/log-range.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { sha256Hex } from '../src/sha256.js';
import { verifyFile } from '../src/verify/verify-file.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { Kept } from './support/exported.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { scratchFolder, type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const AT_MS = 1_795_000_000_000;
const ALICE = { hub: 'hub', user: 'alice', server: '', groups: [] };

describe.each<DatabaseKind>(['sqlite', 'postgres'])('a new signing key, %s', kind => {
  const folder = scratchFolder();
  const state = join(folder.path, 'state');
  let scratch: IScratchDatabase;
  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    rmSync(state, { recursive: true, force: true });
  });
  afterEach(() => scratch.remove());
  afterAll(() => folder.remove());

  const rotate = async (): Promise<{ code: number; said: string }> => {
    const lines: string[] = [];
    const line = (text: string): void => void lines.push(text);
    const { place } = scratch;
    const code = await rotateCommand({
      ...{ words: [], nowMs: () => AT_MS + 5000, say: line, complain: line },
      variables: {
        LABKEEPER_STATE: state,
        LABKEEPER_DATABASE: place.kind === 'sqlite' ? `sqlite:${place.file}` : place.url
      }
    });
    return { code, said: lines.join('\n') };
  };
  /** Records and a digest by the key that is there; as a start of the service does it. */
  const goOn = async (stream: CompanionStream, nowMs: number): Promise<void> => {
    const database = await openDatabase(scratch.place, () => undefined);
    const keys = await openKeys(state);
    await registerSigningKey(database, keys, nowMs);
    await new SqlLogWriter(database, () => nowMs).append([batchOf(ALICE, stream.batch(5))]);
    await new DigestMaker({ database, keys, nowMs: () => nowMs }).make();
    await database.close();
  };
  const fingerprint = async (): Promise<string> =>
    sha256Hex(Buffer.from((await openKeys(state)).publicKey, 'base64url'));

  it('is named by the old one, so that whoever pinned the old one goes on; done again it is finished, not begun', async () => {
    const stream = new CompanionStream();
    await goOn(stream, AT_MS);
    const old = await fingerprint();
    const first = await rotate();
    const next = await fingerprint();
    expect([first.code, next === old]).toEqual([0, false]);
    expect(first.said).toContain(`Fingerprint to be pinned from now on: ${next}`);
    expect(statSync(join(state, 'signing-key.pem')).mode & 0o777).toBe(0o600);

    // As if it had been killed before the new key's file took its place.
    const [kept = ''] = readdirSync(state).filter(name => name.includes(sha256Prefix(old)));
    rmSync(join(state, 'signing-key.pem'));
    copyFileSync(join(state, kept), join(state, 'signing-key.pem'));
    expect(await fingerprint()).toBe(old);
    await goOn(stream, AT_MS + 2000);
    expect((await rotate()).said).toContain(next);
    expect(await fingerprint()).toBe(next);

    await goOn(stream, AT_MS + 3000);
    const database = await openDatabase(scratch.place, () => undefined);
    const out = new Kept();
    await exportLog(
      {
        source: new LogRange(database),
        signer: await openKeys(state),
        out,
        personalOut: null,
        nowMs: AT_MS + 4000
      },
      { filter: null, firstIndex: 0, endIndex: null }
    );
    await database.close();
    const file = join(folder.path, 'log.jsonl');
    writeFileSync(file, out.bytes);
    for (const pinned of [old, next]) {
      expect(
        verifyFile({ file, personal: null, fingerprints: [pinned], receipts: [], digests: [] })
      ).toMatchObject({
        outcome: 'consistent',
        records: 15,
        signer: { isPinned: true },
        findings: { count: 0 }
      });
    }
    expect(
      verifyFile({ file, personal: null, fingerprints: ['0'.repeat(64)], receipts: [], digests: [] }).outcome
    ).toBe('altered');
  });

  it('is not made for a log that another key signed, or where there is none', async () => {
    await goOn(new CompanionStream(), AT_MS);
    rmSync(join(state, 'signing-key.pem'));
    const refused = await rotate();
    expect([refused.code, refused.said]).toEqual([2, expect.stringContaining('has never signed this log')]);
    rmSync(state, { recursive: true });
    expect((await rotate()).said).toContain('There is no log here');
  });
});

const sha256Prefix = (fingerprint: string): string => fingerprint.slice(0, 16);
