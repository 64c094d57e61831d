import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '../src/files/disk-cache.js';
import { until } from './support/until.js';

describe('the cache on the disk', () => {
  let folder: string;
  const troubles: string[] = [];
  const cacheOf = (limitBytes: number): DiskCache =>
    new DiskCache({ folder, limitBytes, onTrouble: message => troubles.push(message) });
  const bytes = (length: number): Buffer => Buffer.alloc(length, 'x');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labkeeper-cache-'));
    troubles.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('throws away what was not used for longest, and never takes more than its bound', async () => {
    const cache = cacheOf(250);
    await cache.put('a', bytes(100));
    await cache.put('b', bytes(100));
    await cache.read('a');
    await cache.put('c', bytes(100));
    expect(
      await Promise.all(['a', 'b', 'c'].map(key => cache.read(key).then(read => read?.length ?? null)))
    ).toEqual([100, null, 100]);
    expect(cache.bytes).toBe(200);
    await until(() => readdirSync(folder).sort().join() === 'a,c');
  });

  it('counts what is being written, and has no room for what is larger than all of it', async () => {
    const cache = cacheOf(250);
    await cache.put('a', bytes(200));
    const part = await cache.begin(150);
    expect(cache.bytes).toBe(0);
    expect(await cache.begin(101)).toBeNull();
    expect(cache.reserve(101)).toBe(false);
    await part?.handle.close();
  });

  it('knows after a restart what is whole, in the order of use, and removes what is not', async () => {
    const earlier = cacheOf(1000);
    await earlier.put('a', bytes(100));
    await earlier.put('b', bytes(100));
    writeFileSync(join(folder, '7-1.part'), 'half');
    writeFileSync(join(folder, 'Strange Name'), '');
    const later = cacheOf(150);
    await until(() => readdirSync(folder).join() === 'b');
    expect(await later.read('a')).toBeNull();
    expect((await later.read('b'))?.length).toBe(100);
  });

  it('does not serve a file that was changed behind it', async () => {
    const cache = cacheOf(1000);
    await cache.put('a', bytes(100));
    writeFileSync(join(folder, 'a'), 'short');
    expect(await cache.open('a')).toBeNull();
    expect(troubles).toEqual([expect.stringContaining('another size')]);
    expect(cache.has('a')).toBe(false);
  });

  it('takes no key that leads elsewhere', async () => {
    await expect(cacheOf(1000).put('../a', bytes(1))).rejects.toThrow('no key');
  });

  it('goes on without a disk, and says so', async () => {
    const cache = cacheOf(1000);
    rmSync(folder, { recursive: true });
    await cache.put('a', bytes(1));
    expect(await cache.read('a')).toBeNull();
    expect(troubles).toEqual([expect.stringContaining('cannot be written')]);
  });
});
