import type { JournalTrouble } from '@labkeeper/protocol';
import { codeOf } from '../failure.js';

const TROUBLES: ReadonlyMap<string, JournalTrouble> = new Map([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EFBIG', 'disk-full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['EPERM', 'read-only']
]);

/** What a failure of the home means for the journal. */
export function troubleOf(error: unknown): JournalTrouble {
  return TROUBLES.get(codeOf(error) ?? '') ?? 'failed';
}
