import { digestHash, type IHeldStatement } from '@labkeeper/core';
import { nodeVerifyTools } from '../src/verify/node-tools.js';
import { exported, verified } from './support/exported.js';
import { MadeKey, MadeLog } from './support/made-log.js';

const DAY_MS = 24 * 3_600_000;
const OLD_MS = 1_795_000_000_000 - 30 * DAY_MS;
const NOW_MS = 1_795_000_000_000;
const PER_DIGEST = 10;
const tools = nodeVerifyTools();

/** A log whose digests a witness saw now, all of them. */
function witnessed(receivedMs: (index: number) => number) {
  const key = new MadeKey();
  const shape = { key, records: 40, streams: 1, digestRecords: PER_DIGEST, uncovered: 0 };
  const log = new MadeLog({ ...shape, receivedMs, closedMs: NOW_MS });
  const statements = log.signedDigests.map((digest): IHeldStatement => {
    const { number, log: of, firstIndex, count } = digest.body;
    return {
      ...{ kind: 'witness', holder: 'witness', name: 'witness.jsonl', log: of, number, trouble: null },
      ...{ sha256: digestHash(tools, digest), endIndex: firstIndex + count, atMs: NOW_MS }
    };
  });
  return { log, statements };
}

const late = { outcome: 'consistent', findings: { count: 0 } };

describe('history that was made anew with times of old', () => {
  it('is whole where all times are new, so that this test can fail', async () => {
    const { log, statements } = witnessed(() => NOW_MS);
    expect(verified((await exported(log)).bytes, { statements })).toMatchObject({ outcome: 'whole' });
  });

  it('is late in a filtered export, which has no digest’s first record', async () => {
    const { log, statements } = witnessed(() => OLD_MS);
    const { bytes } = await exported(log, { filter: { package: 'pack-3' } });
    const report = verified(bytes, { statements });
    expect(report).toMatchObject(late);
    expect(report.anchors.map(({ verdict }) => verdict)).toContain('late');
  });

  it('is late though each digest’s first record came now', async () => {
    const { log, statements } = witnessed(index => (index % PER_DIGEST === 0 ? NOW_MS : OLD_MS));
    const report = verified((await exported(log)).bytes, { statements });
    expect(report).toMatchObject(late);
    expect(report.anchors.map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual([
      'witness late',
      'received late'
    ]);
  });
});

it('statements of very many digests are grouped in a moment', async () => {
  const { log, statements } = witnessed(() => NOW_MS);
  const [first] = statements;
  const many = Array.from({ length: 150_000 }, () => first).filter(one => one !== undefined);
  const { bytes } = await exported(log);
  const startedMs = performance.now();
  verified(bytes, { statements: many });
  expect(performance.now() - startedMs).toBeLessThan(5000);
});
