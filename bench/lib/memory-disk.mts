// The folder of a companion's spool, in memory: thousands of companions of one machine would else share its one disk.
import type { IAuditDisk } from '../../companion/lib/audit/audit-disk.js';
import type { IJournalFile } from '../../companion/lib/journal/journal-disk.js';

/** Nothing to be had there, as the system says it. */
class NoSuchFile extends Error {
  readonly code = 'ENOENT';
}

export class MemoryDisk implements IAuditDisk {
  async prepare(): Promise<void> {}

  async create(name: string): Promise<IJournalFile> {
    this.files.set(name, { bytes: Buffer.alloc(0), changedAtMs: Date.now() });
    return {
      append: async bytes => this.put(name, Buffer.concat([this.file(name).bytes, bytes])),
      touch: async () => this.put(name, this.file(name).bytes),
      close: async () => undefined
    };
  }

  async syncFolder(): Promise<void> {}

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  async names(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async *read(name: string, from: number, to: number): AsyncIterable<Buffer> {
    yield this.file(name).bytes.subarray(from, to);
  }

  async state(name: string): Promise<{ readonly sizeBytes: number; readonly changedAtMs: number }> {
    const { bytes, changedAtMs } = this.file(name);
    return { sizeBytes: bytes.length, changedAtMs };
  }

  async replace(name: string, text: string): Promise<void> {
    this.put(name, Buffer.from(text));
  }

  async rename(name: string, to: string): Promise<void> {
    this.files.set(to, this.file(name));
    this.files.delete(name);
  }

  async freeBytes(): Promise<number> {
    return Number.MAX_SAFE_INTEGER;
  }

  private put(name: string, bytes: Buffer): void {
    this.files.set(name, { bytes, changedAtMs: Date.now() });
  }

  private file(name: string): { readonly bytes: Buffer; readonly changedAtMs: number } {
    const file = this.files.get(name);
    if (!file) throw new NoSuchFile(name);
    return file;
  }

  private readonly files = new Map<string, { readonly bytes: Buffer; readonly changedAtMs: number }>();
}
