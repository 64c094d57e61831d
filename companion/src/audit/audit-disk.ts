import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { HomeDisk, type IJournalDisk } from '../journal/journal-disk.js';

/** The folder of the audited log. All of it may take for ever where the home is on a network. */
export interface IAuditDisk extends IJournalDisk {
  rename(name: string, to: string): Promise<void>;
}

/** The folder `.local/share/labkeeper/audit/<server>` of a home. */
export class AuditDisk extends HomeDisk implements IAuditDisk {
  /** @param unique - tells this process's temporary files from others'. */
  constructor(home: string, serverName: string, unique: string) {
    super(home, serverName, unique, 'audit');
  }

  async rename(name: string, to: string): Promise<void> {
    await rename(join(this.folder, name), join(this.folder, to));
  }
}

/** Reads a small file whole. @throws the system's error, or one for a file that is longer than `mostBytes`. */
export async function readSmallFile(disk: IJournalDisk, name: string, mostBytes: number): Promise<string> {
  const { sizeBytes } = await disk.state(name);
  if (sizeBytes > mostBytes) {
    throw new RangeError(`${name} is ${sizeBytes} bytes long.`);
  }
  const pieces: Buffer[] = [];
  for await (const piece of disk.read(name, 0, sizeBytes)) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
