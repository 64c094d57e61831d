import { numberAt } from './digits.js';
import { OpenFile } from './open-file.js';

/** A file that holds one number, or `max`. */
export class NumberFile {
  constructor(path: string) {
    this.file = new OpenFile(path);
  }

  /** Why the last read gave nothing. */
  get reason(): string | null {
    return this.file.reason;
  }

  /** The number, Infinity for `max`, null when it cannot be read. */
  read(): number | null {
    const length = this.file.read();
    if (length <= 0) {
      return null;
    }
    const value = numberAt(OpenFile.bytes, 0, length);
    return Number.isNaN(value) ? null : value;
  }

  close(): void {
    this.file.close();
  }

  private readonly file: OpenFile;
}
