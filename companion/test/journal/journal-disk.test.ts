import { constants } from 'node:fs';
import { readdir, readFile, readlink, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import { scratch } from '../wire.js';

/** Flags of open(2) with which this process has a file open, as proc(5), fdinfo, tells them. */
async function flagsOf(path: string): Promise<number> {
  for (const fd of await readdir('/proc/self/fd')) {
    if ((await readlink(`/proc/self/fd/${fd}`).catch(() => null)) === path) {
      const [, flags = ''] = /^flags:\s+(\d+)/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
      return parseInt(flags, 8);
    }
  }
  throw new Error(`${path} is not open`);
}

describe('the journal in a home', () => {
  const home = scratch();
  const disk = new HomeDisk(home.path, '', 'unique');
  beforeAll(() => disk.prepare());
  afterAll(() => home.remove());

  it('appends, and ends a file only when what was appended is in it', async () => {
    const file = await disk.create('a');
    await file.append(Buffer.from('one '));
    const large = Buffer.alloc(3_000_000, 'x');
    const appended = file.append(large);
    await file.close();
    await appended;
    expect((await readFile(join(disk.folder, 'a'))).equals(Buffer.concat([Buffer.from('one '), large]))).toBe(
      true
    );
  });

  it('forces each write to the disk where the file system is known to do so', async () => {
    const file = await disk.create('b');
    const flags = await flagsOf(join(disk.folder, 'b'));
    await file.close();
    // ext4, XFS, Btrfs, overlayfs, tmpfs: what a temporary folder of a test lies on. Elsewhere fdatasync follows the write.
    const { type } = await statfs(disk.folder);
    const isKnown = [0xef53, 0x58465342, 0x9123683e, 0x794c7630, 0x01021994].includes(type);
    expect((flags & constants.O_DSYNC) !== 0).toBe(isKnown);
  });

  it('says why a write failed, and can be closed then', async () => {
    const file = await disk.create('c');
    await file.close();
    await expect(file.append(Buffer.from('x'))).rejects.toThrow();
  });
});
