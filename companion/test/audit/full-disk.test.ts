import { execFileSync } from 'node:child_process';
import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from '../wire.js';
import { readAll, SOMETHING, SpoolScene } from './scene.js';

/** Why a file system cannot be mounted here; null = it can. */
function noMounts(): string | null {
  const place = scratch();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place.path], { stdio: 'pipe' });
    execFileSync('umount', [place.path]);
    return null;
  } catch (error) {
    return `mounting needs root (${String(error).split('\n', 1)[0]})`;
  } finally {
    place.remove();
  }
}

const reason = noMounts();
const describeMounted = reason === null ? describe : describe.skip;

describeMounted(`a spool on a real file system${reason === null ? '' : `: skipped, ${reason}`}`, () => {
  let place: ReturnType<typeof scratch>;
  beforeEach(() => {
    place = scratch();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place.path]);
  });
  afterEach(() => {
    execFileSync('umount', ['--lazy', place.path]);
    place.remove();
  });

  /** Takes all the room that there is. @returns gives it back. */
  function fill(): () => void {
    const names: string[] = [];
    for (const bytes of [64 * 1024, 4096]) {
      for (let isFull = false; !isFull;) {
        const name = join(place.path, `ballast-${names.length}`);
        names.push(name);
        try {
          writeFileSync(name, Buffer.alloc(bytes));
        } catch {
          // That was the last room for one of this size.
          isFull = true;
        }
      }
    }
    return () => names.forEach(name => unlinkSync(name));
  }

  it('that is full says so, keeps what was recorded, and goes on in the same stream when there is room', async () => {
    const scene = new SpoolScene(place.path, { serverId: 'old' });
    const { spool } = scene;
    await spool.start();
    let recorded = 0;
    for (let round = 0; round < 3; round += 1) {
      expect(await spool.record([SOMETHING, SOMETHING])).toBe('recorded');
      recorded += 2;
      const makeRoom = fill();
      // What the last block has room for is taken; then one is torn.
      while ((await spool.record([SOMETHING])) === 'recorded') {
        recorded += 1;
      }
      expect(spool.trouble).toMatch(/^What is installed cannot be recorded on the disk: .*ENOSPC/);
      expect(await spool.record([SOMETHING])).toBe('failed');
      makeRoom();
      expect(await spool.record([SOMETHING])).toBe('recorded');
      expect(spool.trouble).toBeNull();
      recorded += 1;
    }
    const records = await readAll(spool);
    expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: recorded + 1 }, (_, i) => i + 1));
    await spool.close(false);

    // So the next companion finds it, without a gap but the true one.
    const next = new SpoolScene(place.path);
    await next.spool.start();
    expect(next.spool.earlier.waiting.map(({ head }) => head)).toEqual([spool.own.head]);
    expect(await next.told()).toEqual(['opened', 'companion-down']);
    await next.spool.close(false);
  });
});
