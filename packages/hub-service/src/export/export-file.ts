import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { IExportOut } from './export-source.js';
import { StreamOut } from './stream-out.js';

/**
 * Writes a file that only its owner may read, and that has its name only when it is whole.
 *
 * @param write - what is written; when it fails there is no file.
 */
export async function writeExportFile<Value>(
  path: string,
  write: (out: IExportOut) => Promise<Value>
): Promise<Value> {
  const part = `${path}.part`;
  const stream = createWriteStream(part, { mode: 0o600 });
  const out = new StreamOut(stream);
  try {
    const value = await write(out);
    await out.end();
    await rename(part, path);
    return value;
  } catch (error) {
    stream.destroy();
    await rm(part, { force: true });
    throw error;
  }
}

/** Where the personal parts of an export go: beside it. */
export function personalPath(path: string): string {
  return `${path.replace(/\.jsonl$/, '')}.personal.jsonl`;
}
