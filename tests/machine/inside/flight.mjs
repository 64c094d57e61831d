import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFrames } from '../../../companion/src/recorder/frame.ts';

/** The flight records below a home, as text, in the order of their files. */
export function flightRecords(home) {
  const folder = join(home, '.local/share/labkeeper/flight/default');
  const files = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.flight')) : [];
  return files.sort().flatMap(name => decodeFrames(readFileSync(join(folder, name))).texts);
}
