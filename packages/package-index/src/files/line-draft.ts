import { createHash } from 'node:crypto';
import type { DiskCache, IPart } from './disk-cache.js';

/** So much is written at once. */
const BLOCK_CHARACTERS = 64 * 1024;
/** Where the disk takes nothing, so much is held in memory instead. */
const HELD_BYTES = 4 * 1024 * 1024;

/** Lines that are kept. */
export interface IKeptLines {
  /** SHA-256 of them. */
  readonly digest: string;
  /** The lines themselves where the disk did not take them; null = they are in the cache. */
  readonly held: Buffer | null;
}

/** Lines on their way to the cache, however many: nothing of them is held but the last few. */
export class LineDraft {
  constructor(private readonly disk: DiskCache) {}

  /** @param line - without line breaks. */
  add(line: string): void {
    this.waiting.push(line);
    this.waitingCharacters += line.length;
  }

  /** Writes what waits, if it is worth it. @throws when there is no room for it anywhere. */
  async settle(): Promise<void> {
    if (this.waitingCharacters >= BLOCK_CHARACTERS) {
      await this.write();
    }
  }

  /** Puts the lines in their place. @param keyOf - their key in the cache. @throws as `settle`. */
  async finish(keyOf: (digest: string) => string): Promise<IKeptLines> {
    await this.write();
    const digest = this.hash.digest('hex');
    const { part, writtenBytes } = this;
    if (part) {
      this.part = null;
      await this.disk.place(keyOf(digest), part, writtenBytes, writtenBytes);
      await part.handle.close();
    }
    return { digest, held: this.held && Buffer.concat(this.held) };
  }

  /** Instead of finishing. */
  async drop(): Promise<void> {
    const { part } = this;
    if (part) {
      this.part = null;
      await this.disk.drop(part, this.writtenBytes);
      await part.handle.close();
    }
  }

  private async write(): Promise<void> {
    const bytes = Buffer.from(this.waiting.map(line => `${line}\n`).join(''));
    this.waiting.length = 0;
    this.waitingCharacters = 0;
    this.hash.update(bytes);
    if (this.held === null) {
      this.part ??= await this.disk.begin(0);
      if (this.part && (await this.disk.append(this.part, bytes))) {
        this.writtenBytes += bytes.length;
        return;
      }
      await this.takeBack();
    }
    this.hold(bytes);
  }

  /** The disk takes no more: what it took is held in memory as well. */
  private async takeBack(): Promise<void> {
    this.held = [];
    if (this.part && this.writtenBytes <= HELD_BYTES) {
      const written = Buffer.alloc(this.writtenBytes);
      await this.part.handle.read(written, 0, written.length, 0);
      this.hold(written);
    } else if (this.part) {
      this.heldBytes = this.writtenBytes;
    }
    await this.drop();
  }

  private hold(bytes: Buffer): void {
    this.heldBytes += bytes.length;
    if (this.heldBytes > HELD_BYTES) {
      throw new Error('the disk of the package index has no room for it');
    }
    this.held?.push(bytes);
  }

  private readonly hash = createHash('sha256');
  private readonly waiting: string[] = [];
  private waitingCharacters = 0;
  private part: IPart | null = null;
  private writtenBytes = 0;
  private held: Buffer[] | null = null;
  private heldBytes = 0;
}
