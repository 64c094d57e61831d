import { join } from 'node:path';
import { Uuid } from '@labkeeper/protocol';
import * as v from 'valibot';

const MasterId = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));

/** What is in a backup. */
export const BackupHead = v.strictObject({
  labkeeperBackup: v.literal(1),
  kind: v.picklist(['sqlite', 'postgres']),
  log: Uuid,
  madeAtMs: v.pipe(v.number(), v.integer()),
  /** Which master key opens it; null, and absent in backups of before = persons' keys are plain. */
  masterKey: v.optional(v.nullable(MasterId), null)
});

/** A line of the file with persons' keys. */
export const PersonKeyLine = v.strictObject({
  person: Uuid,
  /** base64. */
  key: v.pipe(v.string(), v.maxLength(1024)),
  /** Which master key sealed it; absent = it is plain. */
  master: v.optional(MasterId)
});

/** Where the parts lie. Persons' keys are apart: whoever keeps the rest for long keeps them briefly. */
export function backupFiles(folder: string) {
  return {
    head: join(folder, 'backup.json'),
    sqlite: join(folder, 'log.sqlite'),
    postgres: join(folder, 'log.pgdump'),
    keys: join(folder, 'person-keys.jsonl')
  };
}
