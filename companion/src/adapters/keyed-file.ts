import { KeyedNumbers } from './keyed-numbers.js';
import { OpenFile } from './open-file.js';

/** A file of lines `key value`, of which a few keys are wanted. */
export class KeyedFile<K extends string> {
  /**
   * @param path - the file; it need not exist.
   * @param keys - the keys wanted, as written.
   * @param inPieces - the kernel hands it out page by page (`/proc/vmstat`).
   */
  constructor(
    path: string,
    keys: readonly K[],
    private readonly inPieces = false
  ) {
    this.file = new OpenFile(path);
    this.numbers = new KeyedNumbers(keys);
  }

  /** Why the last read gave nothing. */
  get reason(): string | null {
    return this.file.reason;
  }

  /** Reads all keys afresh; false (and every key null) when the file cannot be read. */
  read(): boolean {
    const length = this.inPieces ? this.file.readAll() : this.file.read();
    if (length < 0) {
      this.numbers.clear();
      return false;
    }
    this.numbers.parse(OpenFile.bytes, length);
    return true;
  }

  /** A number of the last read; null = not there. */
  get(key: K): number | null {
    return this.numbers.get(key);
  }

  close(): void {
    this.file.close();
  }

  private readonly file: OpenFile;
  private readonly numbers: KeyedNumbers<K>;
}
