/** What a disk may lose in part when the power goes, in bytes: writes of one sector are whole or not there. */
const SECTOR_BYTES = 512;

/**
 * A disk with a write cache, in memory. What was written is lost with the power until it was flushed; a sector that was
 * not may then hold any of the values that it was given since.
 */
export class VolatileDisk {
  /** @param content - what is on it. */
  constructor(content) {
    this.stable = content;
    this.current = Buffer.from(content);
    /** Writes that were not flushed, in their order: `{offset, bytes}`. */
    this.unflushed = [];
    this.flushes = 0;
    /** What a flush takes, in ms. */
    this.flushMs = 0;
    /** Called with 'write' or 'flush' while it is done: of the write any part may last, the flush has no effect yet. */
    this.watch = () => undefined;
    this.hangs = null;
  }

  get sizeBytes() {
    return this.current.length;
  }

  async read(offset, length) {
    await this.answering();
    return Buffer.from(this.current.subarray(offset, offset + length));
  }

  /** @param bytes - must not change afterwards. */
  async write(offset, bytes) {
    await this.answering();
    bytes.copy(this.current, offset);
    this.unflushed.push({ offset, bytes });
    this.watch('write');
  }

  /** What was written before outlives the power when this resolves, and not a moment earlier. */
  async flush() {
    const { unflushed } = this;
    const last = unflushed.at(-1);
    this.flushes += 1;
    this.watch('flush');
    await this.answering();
    if (this.flushMs > 0) {
      await new Promise(resolve => setTimeout(resolve, this.flushMs));
      await this.answering();
    }
    // Where another flush, begun later, was done with it already, nothing of this one is left.
    const until = last === undefined ? 0 : unflushed.indexOf(last) + 1;
    for (const { offset, bytes } of unflushed.splice(0, until)) {
      bytes.copy(this.stable, offset);
    }
  }

  /** From now on it answers nothing. @returns lets it go on. */
  hang() {
    let goOn = () => undefined;
    this.hangs = new Promise(resolve => (goOn = resolve));
    return () => {
      this.hangs = null;
      goOn();
    };
  }

  /**
   * The power goes now. Whatever this one is still asked to do changes nothing.
   *
   * @param random - numbers from 0 to 1.
   * @returns the disk as it is afterwards: what was flushed, and of the rest what chance leaves; how many sectors had
   *   not been flushed, and how many of them hold something newer all the same.
   */
  cutPower(random) {
    const content = Buffer.from(this.stable);
    const versions = new Map();
    for (const { offset, bytes } of this.unflushed) {
      for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
        const known = versions.get(offset + at) ?? [];
        versions.set(offset + at, [...known, bytes.subarray(at, at + SECTOR_BYTES)]);
      }
    }
    // None of it, all of it, or anything between.
    const share = [0, 1, random()][Math.floor(3 * random())];
    let kept = 0;
    for (const [sector, known] of versions) {
      if (random() < share) {
        kept += 1;
        known[Math.floor(random() * known.length)].copy(content, sector);
      }
    }
    return { disk: new VolatileDisk(content), unflushedSectors: versions.size, keptSectors: kept };
  }

  async answering() {
    while (this.hangs !== null) {
      await this.hangs;
    }
  }
}
