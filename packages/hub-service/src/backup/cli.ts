import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { reasonOf } from '../failure.js';
import { MASTER_FILE } from '../keys/master-key-file.js';
import { openKeyPlaces } from '../keys/unlock-database.js';
import { readStorage } from '../settings.js';
import { reportText } from '../verify/report-text.js';
import { makeBackup } from './make-backup.js';
import { restoreBackup } from './restore-backup.js';

/** What the commands are given by their process. */
export interface IBackupCommand {
  readonly name: 'backup' | 'restore';
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

const USAGE = {
  backup: 'usage: labkeeper backup FOLDER',
  restore:
    'usage: labkeeper restore FOLDER [--keys FILE] [--anchor FILE]... [--witness FINGERPRINT]... [--tsa FILE]...'
} as const;

/** `labkeeper backup` and `labkeeper restore`. @returns the exit code. */
export async function backupCommand(command: IBackupCommand): Promise<number> {
  const { name, words, variables, say, complain } = command;
  try {
    const many = { type: 'string', multiple: true, default: [] as string[] } as const;
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { keys: { type: 'string' }, anchor: many, witness: many, tsa: many }
    });
    const [folder] = positionals;
    if (folder === undefined || positionals.length > 1) {
      throw new Error(USAGE[name]);
    }
    const storage = readStorage(variables);
    const { stateFolder, hubId, database: place } = storage;
    if (!storage.masterKeyFile && !existsSync(stateFolder)) {
      throw new Error(
        `There is no log here: ${stateFolder} does not exist, which has the keys that it is signed with.`
      );
    }
    if (name === 'backup') {
      if (place.kind === 'sqlite' && !existsSync(place.file)) {
        throw new Error(`There is no log here: ${place.file} does not exist.`);
      }
      const { masterKey, isRotating } = await makeBackup(folder, place, stateFolder, Date.now());
      say(
        `The log is in ${folder}. Keep person-keys.jsonl apart from the rest, and briefly; back up ${stateFolder} too.`
      );
      if (masterKey !== null) {
        say(
          `Nobody reads it back without the master key ${masterKey}: keep ${storage.masterKeyFile ?? `${stateFolder}/${MASTER_FILE}`} apart from it.`
        );
      }
      if (isRotating) {
        say(
          'A change of the master key is not finished, so that the old one opens this backup too: make another one after labkeeper rotate-master-key --finish, and let this one go.'
        );
      }
      return 0;
    }
    const places = await openKeyPlaces(storage);
    const { report, erased } = await restoreBackup({
      ...{ folder, keysFile: values.keys ?? null, place, stateFolder, places, hubId },
      holders: { anchors: values.anchor, witnesses: values.witness, authorities: values.tsa, isPart: false },
      nowMs: () => Date.now()
    });
    say(reportText('The restored log', report));
    say(`Erased again, because it was done after the backup: ${erased}.`);
    return 0;
  } catch (error) {
    complain(`labkeeper ${name}: ${reasonOf(error)}`);
    return 1;
  }
}
