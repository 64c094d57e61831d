import { PlainFile } from './plain-file.js';

/** The files that one recovery reads, all open until its end. */
export class OpenedFiles {
  /** @returns null when there is none. @throws RecoveryError 'unreadable'. */
  async open(path: string): Promise<PlainFile | null> {
    const file = await PlainFile.open(path);
    if (file) {
      this.files.push(file);
    }
    return file;
  }

  /** Whether somebody wrote to one of them since it was opened. */
  async areChanged(): Promise<boolean> {
    for (const file of this.files) {
      if (!(await file.isSame())) {
        return true;
      }
    }
    return false;
  }

  async close(): Promise<void> {
    for (const file of this.files) {
      await file.close();
    }
  }

  private readonly files: PlainFile[] = [];
}
