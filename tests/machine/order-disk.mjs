import { writeFile } from 'node:fs/promises';

const SECTOR_BYTES = 512;

/** Writes what a machine is to do to a file that it gets as a disk. */
export async function writeOrder(path, order) {
  const text = Buffer.from(JSON.stringify(order), 'utf8');
  await writeFile(path, Buffer.concat([text, Buffer.alloc(SECTOR_BYTES - (text.length % SECTOR_BYTES))]));
}
