import fc from 'fast-check';
import { readBoot, earlierSegments } from '../../src/journal/earlier-boots.js';
import { FakeClock } from '../fake-clock.js';
import { MemoryDisk } from './memory-disk.js';
import { openStore, Run, runId, textsOf } from './scene.js';

jest.setTimeout(60_000);

/** Five runs, their batches among one another, over several segments; nothing is saved. */
async function written(): Promise<{ disk: MemoryDisk; runs: readonly Run[] }> {
  const disk = new MemoryDisk();
  const { store, page } = openStore(disk, 'boot', { clock: new FakeClock(), maxBytes: 256 * 1024 });
  const runs = [1, 2, 3, 4, 5].map(number => new Run(store, page, runId(number)));
  for (let i = 0; i < 100; i += 1) {
    const run = runs[(i * i + (i >> 2)) % runs.length];
    run?.send(run.seq === 0 ? undefined : `{"t":"src","c":${i},"v":"${'xyz\\n'.repeat((i * 13) % 150)}"}`);
    if (i % 4 === 0) {
      await store.flush();
    }
  }
  await store.flush();
  store.dispose();
  expect(runs.every(run => page.seq(run.id) === run.seq)).toBe(true);
  return { disk, runs };
}

interface IFound {
  /** Batches that are missing at the end of each run. */
  readonly missing: number;
  /** Runs that miss some and do not say so. */
  readonly untold: number;
  readonly tornBytes: number;
  readonly isStrange: boolean;
}

/** Reads it, and checks that of each run there is a beginning, and nothing else. */
async function read(disk: MemoryDisk, runs: readonly Run[]): Promise<IFound> {
  const names = (await earlierSegments(disk, 'later')).get('boot') ?? [];
  const boot = await readBoot(disk, 'boot', names, 'other');
  let missing = 0;
  let untold = 0;
  for (const run of runs) {
    const found = boot.runs.find(({ run: id }) => id === run.id);
    const texts = await textsOf(found);
    expect(texts).toEqual(run.sent.slice(0, texts.length));
    expect(found?.lastSeq ?? 0).toBe(texts.length);
    expect([null, found?.lastSeq]).toContain(found?.damagedAfterSeq ?? null);
    missing += run.seq - texts.length;
    const isTold = found !== undefined && found.damagedAfterSeq !== null;
    untold += texts.length < run.seq && !isTold ? 1 : 0;
  }
  return { missing, untold, tornBytes: boot.tornBytes, isStrange: boot.isStrange };
}

function changed(disk: MemoryDisk, name: string, change: (bytes: Buffer) => Buffer): MemoryDisk {
  const copy = disk.afterKill();
  const content = copy.files.get(name);
  if (content) {
    content.bytes = change(Buffer.from(content.bytes));
  }
  return copy;
}

describe('a damaged journal', () => {
  let disk: MemoryDisk;
  let runs: readonly Run[];
  let names: string[];
  beforeAll(async () => {
    ({ disk, runs } = await written());
    names = [...disk.files.keys()];
    expect(names.length).toBeGreaterThan(2);
  });

  it('is whole where nothing is damaged', async () => {
    expect(await read(disk, runs)).toEqual({ missing: 0, untold: 0, tornBytes: 0, isStrange: false });
  });

  it('gives a beginning of each run wherever its last segment is cut, and no more is lost than was cut', async () => {
    const small = new MemoryDisk();
    const { store, page } = openStore(small, 'boot', { clock: new FakeClock() });
    const few = [1, 2, 3].map(number => new Run(store, page, runId(number)));
    for (let i = 0; i < 15; i += 1) {
      few[i % 3]?.send();
      await store.flush();
    }
    store.dispose();
    const size = small.files.get('boot.0.journal')?.bytes.length ?? 0;
    let missingBefore = 0;
    for (let cut = size; cut >= 0; cut -= 1) {
      const copy = changed(small, 'boot.0.journal', bytes => bytes.subarray(0, cut));
      const { missing, tornBytes } = await read(copy, few);
      // One byte less costs one record more at most, and what is left of that one is told.
      expect(
        missing === missingBefore || (missing === missingBefore + 1 && (cut === 0 || tornBytes > 0))
      ).toBe(true);
      missingBefore = missing;
    }
    expect(missingBefore).toBe(15);
  });

  it('tells which runs miss something where an earlier segment is cut', async () => {
    for (const name of names.slice(0, -1)) {
      const size = disk.files.get(name)?.bytes.length ?? 0;
      for (let cut = 0; cut < size; cut += 61) {
        const { untold } = await read(
          changed(disk, name, bytes => bytes.subarray(0, cut)),
          runs
        );
        expect(untold).toBe(0);
      }
    }
  });

  it('tells it too where a whole segment but the last is gone', async () => {
    for (const name of names.slice(0, -1)) {
      const copy = disk.afterKill();
      copy.files.delete(name);
      const { missing, untold } = await read(copy, runs);
      expect(missing).toBeGreaterThan(0);
      expect(untold).toBe(0);
    }
  });

  it('tells it wherever bits are flipped, but for the length of the very last record', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(7)), {
          minLength: 1,
          maxLength: 5
        }),
        async (segment, flips) => {
          const name = names[segment % names.length] ?? '';
          const copy = changed(disk, name, bytes => {
            for (const [place, bit] of flips) {
              const at = Math.min(bytes.length - 1, Math.floor(place * bytes.length));
              bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
            }
            return bytes;
          });
          const { untold, tornBytes, isStrange } = await read(copy, runs);
          // Such a length looks as if its write had been cut short; that it was torn is told.
          expect(untold === 0 || tornBytes > 0 || isStrange).toBe(true);
        }
      ),
      { numRuns: 500 }
    );
  });

  it('costs one run its end where one record is damaged, and no other run anything', async () => {
    // The first batch record of the second segment.
    const name = names[1] ?? '';
    const copy = changed(disk, name, bytes => {
      const at = bytes.indexOf('{"t":"src"', bytes.lastIndexOf('"lastFrame"', 4000));
      bytes[at + 3] = 0x21;
      return bytes;
    });
    const boot = await readBoot(copy, 'boot', names, 'other');
    const damaged = boot.runs.filter(run => run.damagedAfterSeq !== null);
    expect(damaged).toHaveLength(1);
    expect(boot.runs.filter(run => run.lastSeq === runs.find(({ id }) => id === run.run)?.seq)).toHaveLength(
      4
    );
  });
});
