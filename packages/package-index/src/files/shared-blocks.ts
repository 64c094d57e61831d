import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../single-flight.js';

/** Of one block: what one write to a connection takes well. */
export const BLOCK_BYTES = 64 * 1024;
/** So many are held: those that are behind by less than this read what the others do. */
const BLOCKS = 16;

/** Reads into a buffer from a place on. @returns how many bytes it read. */
export type ReadInto = (buffer: Buffer, position: number) => Promise<number>;

/** A file that many read at the same time: each block is read from the disk once for all who are near. */
export class SharedBlocks {
  constructor(private readonly readInto: ReadInto) {}

  /**
   * What is there from a place on, to the end of its block at most. Must not be written to: others read it too.
   *
   * @param readableBytes - how far the file may be read.
   */
  async read(position: number, readableBytes: number): Promise<Buffer> {
    const first = position - (position % BLOCK_BYTES);
    if (first + BLOCK_BYTES > readableBytes) {
      return this.fromDisk(position, readableBytes - position);
    }
    const block =
      this.blocks.get(first) ??
      (await this.flights.run(String(first), async () => {
        const bytes = await this.fromDisk(first, BLOCK_BYTES);
        this.blocks.set(first, bytes);
        return bytes;
      }));
    return block.subarray(position - first);
  }

  private async fromDisk(position: number, lengthBytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(lengthBytes);
    return buffer.subarray(0, await this.readInto(buffer, position));
  }

  private readonly blocks = new LRUCache<number, Buffer>({ max: BLOCKS });
  private readonly flights = new SingleFlight<Buffer>();
}
