import { randomBytes } from 'node:crypto';
import { BLOCK_BYTES, SharedBlocks } from '../src/files/shared-blocks.js';

describe('a file that many read at the same time', () => {
  const bytes = randomBytes(40 * BLOCK_BYTES + 100);
  let reads: number;
  const blocks = (): SharedBlocks => {
    reads = 0;
    return new SharedBlocks(async (buffer, position) => {
      reads++;
      return bytes.copy(buffer, 0, position);
    });
  };
  const readAll = async (file: SharedBlocks, first: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (let at = first; at < bytes.length; at += parts.at(-1)?.length ?? 0) {
      parts.push(await file.read(at, bytes.length));
    }
    return Buffer.concat(parts);
  };

  it('is read from the disk once, but for what is no whole block', async () => {
    const file = blocks();
    const answers = await Promise.all(Array.from({ length: 100 }, () => readAll(file, 0)));
    expect(answers.every(answer => answer.equals(bytes))).toBe(true);
    expect(reads).toBe(40 + 100);
  });

  it('is right from any place on, and never beyond what may be read', async () => {
    const file = blocks();
    for (const first of [1, BLOCK_BYTES - 1, BLOCK_BYTES, 39 * BLOCK_BYTES + 7, bytes.length - 1]) {
      expect((await readAll(file, first)).equals(bytes.subarray(first))).toBe(true);
    }
    expect(await file.read(10, 20)).toEqual(bytes.subarray(10, 20));
    expect((await file.read(BLOCK_BYTES + 5, BLOCK_BYTES + 9)).length).toBe(4);
  });
});
