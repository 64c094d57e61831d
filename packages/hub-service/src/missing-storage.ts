import { existsSync } from 'node:fs';
import type { IStorageSettings } from './settings.js';

/**
 * For commands beside a service: opening makes what is not there, and would look like a log without records.
 *
 * @throws Error with one sentence, where there is no log.
 */
export function refuseMissing({ stateFolder, masterKeyFile, database }: IStorageSettings): void {
  // With a master key from outside a command may have a state folder of its own.
  const folders = masterKeyFile ? [] : [stateFolder];
  const files = database.kind === 'sqlite' ? [database.file] : [];
  const missing = [...folders, ...files].find(path => !existsSync(path));
  if (missing !== undefined) {
    throw new Error(`There is no log here: ${missing} does not exist.`);
  }
}
