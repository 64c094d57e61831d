import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 128 * 1024;
const NEWLINE = 0x0a;

/**
 * Whole lines, many at once, of a file or of what is in memory. A block is only good until the next one is asked for. What
 * has no line break at the end is left out.
 */
export async function* lineBlocks(source: FileHandle | Buffer): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(source)) {
    yield source.subarray(0, source.lastIndexOf(NEWLINE) + 1);
    return;
  }
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let filled = 0;
  for (let position = 0; ;) {
    const { bytesRead } = await source.read(block, filled, block.length - filled, position);
    if (bytesRead === 0) {
      return;
    }
    position += bytesRead;
    const end = filled + bytesRead;
    const whole = block.subarray(0, end).lastIndexOf(NEWLINE) + 1;
    if (whole > 0) {
      yield block.subarray(0, whole);
      block.copyWithin(0, whole, end);
    }
    filled = end - whole;
    if (filled === block.length) {
      // A line that is longer than all of it.
      const larger = Buffer.allocUnsafeSlow(2 * block.length);
      block.copy(larger);
      block = larger;
    }
  }
}
