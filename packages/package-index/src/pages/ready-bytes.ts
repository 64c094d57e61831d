import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { DiskCache } from '../files/disk-cache.js';
import { SingleFlight } from '../single-flight.js';

/** More than this is not held in memory, but sent from the disk as it is read. */
const HELD_BYTES = 2 * 1024 * 1024;

/** Bytes ready to be sent: on the disk, and what was asked for lately in memory too. */
export class ReadyBytes {
  constructor(
    private readonly disk: DiskCache,
    memoryBytes: number
  ) {
    this.held = new LRUCache({ maxSize: memoryBytes, sizeCalculation: bytes => bytes.length + 200 });
  }

  async put(key: string, bytes: Buffer): Promise<void> {
    const name = nameOf(key);
    await this.disk.put(name, bytes, false);
    if (bytes.length <= HELD_BYTES || !this.disk.has(name)) {
      this.held.set(key, bytes);
    }
  }

  /** null = they were thrown away meanwhile. */
  async get(key: string): Promise<Buffer | Readable | null> {
    const held = this.held.get(key);
    if (held) {
      return held;
    }
    const name = nameOf(key);
    const sizeBytes = this.disk.sizeOf(name);
    if (sizeBytes === null || sizeBytes > HELD_BYTES) {
      const file = await this.disk.open(name);
      return file && file.handle.createReadStream();
    }
    // However many ask at once, it is read once.
    return this.flights.run(key, async () => {
      const bytes = await this.disk.read(name);
      if (bytes) {
        this.held.set(key, bytes);
      }
      return bytes;
    });
  }

  private readonly held: LRUCache<string, Buffer>;
  private readonly flights = new SingleFlight<Buffer | null>();
}

function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
