import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../failure.js';
import { MASTER_FILE } from './master-key-file.js';
import type { IKeyPlaces } from './unlock-database.js';

/** Files of a state folder that go into a database which keeps the service's keys. */
export const SERVICE_KEYS = /^(?:signing-key(?:-[0-9a-f]{16})?\.pem|service-secret)$/;
/** And those of a master key that comes from outside by now. */
const MASTER_KEYS = new RegExp(`^${MASTER_FILE}(?:-[0-9a-f]{16})?$`);

/**
 * Files of the state folder that hold in the clear what the database keeps sealed: nothing reads them any more, and whoever does
 * signs as this service.
 *
 * @param places - of a service whose database keeps its keys.
 */
export async function leftKeys({ folder, stateFolder, where }: IKeyPlaces): Promise<readonly string[]> {
  let names: readonly string[] = [];
  try {
    names = await folder.names();
  } catch (error) {
    // With the folder its keys are gone too.
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
  const inUse = await identityOf(where);
  const left: string[] = [];
  for (const name of names) {
    const isKey = SERVICE_KEYS.test(name) || MASTER_KEYS.test(name);
    // The one that is read now may be there under another name: a link, or a folder that is mounted twice.
    if (isKey && (await identityOf(join(stateFolder, name))) !== inUse) {
      left.push(name);
    }
  }
  return left.sort();
}

/** What is the same for two paths to one file; null = there is none. */
async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

/** What to say of them. @param names - at least one. */
export function leftSentence(
  names: readonly string[],
  stateFolder: string
): { readonly sentence: string; readonly todo: string } {
  const paths = names.map(name => join(stateFolder, name));
  return {
    sentence: `${names.join(', ')} ${names.length === 1 ? 'lies' : 'lie'} in the clear in ${stateFolder}, and in its backups: the database keeps the service's keys, sealed, and nothing reads ${names.length === 1 ? 'that file' : 'those files'} any more.`,
    todo: `Make a backup of the database and keep the master key apart from it; then delete what lies in the folder (rm ${paths.join(' ')}), and let old backups of the folder go.`
  };
}
