import { codeOf } from '../failure.js';
import type { IJournalDisk } from '../journal/journal-disk.js';
import { NotOursError } from '../recorder/own-folder.js';

/** What opening a file that was removed, or made a link, a socket or closed to us, comes to. */
const SPOILT = new Set(['ENOENT', 'ELOOP', 'EACCES', 'EPERM', 'EISDIR', 'ENXIO']);

/**
 * Whether a file cannot be read because of what somebody made of it: whoever has this home may. It does not come back by
 * itself, while everything else may be better in a minute: a network that is away, or a folder that is closed as a whole.
 */
export async function isSpoilt(disk: IJournalDisk, error: unknown): Promise<boolean> {
  if (error instanceof NotOursError) {
    return true;
  }
  if (!SPOILT.has(codeOf(error) ?? '')) {
    return false;
  }
  try {
    await disk.names();
    return true;
  } catch (failure) {
    if (codeOf(failure) === null) {
      throw failure;
    }
    return false;
  }
}
