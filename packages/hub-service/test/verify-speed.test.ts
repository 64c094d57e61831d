import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyFile } from '../src/verify/verify-file.js';
import { exported } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

jest.setTimeout(120_000);

const RECORDS = 100_000;

it('verifies a hundred thousand records, and says how fast', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-verify-'));
  try {
    const log = new MadeLog({
      key: new MadeKey(),
      records: RECORDS,
      streams: 5000,
      digestRecords: 1000,
      uncovered: 500
    });
    const file = join(folder, 'export.jsonl');
    writeFileSync(file, (await exported(log)).bytes);
    const [begin, cpu] = [performance.now(), process.cpuUsage()];
    const report = verifyFile({ file, fingerprints: [], receipts: [], digests: [], personal: null });
    const seconds = (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    expect(report).toMatchObject({ outcome: 'consistent', records: RECORDS });
    const cpuUs = ((user + system) / RECORDS).toFixed(1);
    // The machine decides, so this is told and not judged; `npm run bench -- verify` measures it.
    process.stderr.write(`verified ${Math.round(RECORDS / seconds)} records/s, ${cpuUs} µs of CPU each\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
