import type { IDatabase } from '../store/database.js';
import { trustsAny } from '../store/trusted-hubs.js';
import type { IHubsFile } from './hub-entry.js';

/**
 * The file as it is to be taken. Without a byte in it, it takes no hub out that is trusted: that is what a full disk or half an
 * edit leaves, and whoever means it can say so.
 *
 * @param path - of the file. @throws when the database fails.
 */
export async function notEmptied(path: string, told: IHubsFile, database: IDatabase): Promise<IHubsFile> {
  if (!told.isEmpty || !(await trustsAny(database))) {
    return told;
  }
  const sentence = `${path}: expected hubs, because some are trusted, and it is empty; a line that begins with # says that all of them are taken out.`;
  return { ...told, troubles: [{ id: null, sentence }] };
}
