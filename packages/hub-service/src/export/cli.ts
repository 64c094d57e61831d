import { userInfo } from 'node:os';
import { pino } from 'pino';
import { AnchorQueue } from '../anchors/anchor-queue.js';
import { readAnchorSettings } from '../anchors/anchor-settings.js';
import { DigestMaker } from '../digests/digest-maker.js';
import { reasonOf } from '../failure.js';
import { firstHubName } from '../hubs/first-hub.js';
import type { IKeys } from '../keys/keys.js';
import { openExistingKeys } from '../keys/service-keys.js';
import { openKeyPlaces } from '../keys/unlock-database.js';
import { refuseMissing } from '../missing-storage.js';
import { sha256Hex } from '../sha256.js';
import { readStorage, SettingsError, type IStorageSettings } from '../settings.js';
import type { IDatabase } from '../store/database.js';
import { hasTable, openExisting } from '../store/open-existing.js';
import { ownActs } from '../store/own-acts-of.js';
import { SqlAnchors } from '../store/sql-anchors.js';
import { LogRange } from '../store/log-range.js';
import { SqlLogReader } from '../store/sql-log-reader.js';
import { exportCsv } from './csv.js';
import { ExportUsageError, readExportArguments, type IExportArguments } from './export-arguments.js';
import { personalPath, writeExportFile } from './export-file.js';
import { exportLog } from './export-log.js';
import type { IExportOut } from './export-source.js';
import { exportOcsf } from './ocsf.js';

/** How long an export waits for its anchors, in ms. */
const ANCHOR_MS = 10_000;
/** Exit codes, for scripts. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** What the command is given by its process. */
export interface IExportCommand {
  /** What comes after `export`. */
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Epoch ms. */
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
}

/**
 * Writes the log, or a part of it, to a file, beside a running service or without one. The look is on record first, and
 * digests cover what they did not cover yet.
 *
 * @returns the exit code.
 */
export async function exportCommand(command: IExportCommand): Promise<number> {
  try {
    const asked = readExportArguments(command.words);
    const storage = readStorage(command.variables);
    await withLog(storage, (database, keys) => exportFrom(command, asked, storage, database, keys));
    return EXIT.done;
  } catch (error) {
    command.complain(`labkeeper export: ${reasonOf(error)}`);
    return error instanceof ExportUsageError || error instanceof SettingsError ? EXIT.usage : EXIT.failed;
  }
}

async function exportFrom(
  { words, variables, nowMs, say }: IExportCommand,
  asked: IExportArguments,
  storage: IStorageSettings,
  database: IDatabase,
  keys: IKeys
): Promise<void> {
  const source = new LogRange(database);
  if (!(await source.keys()).some(({ id }) => id === keys.signingKeyId)) {
    throw new Error(
      `The key in ${storage.stateFolder} has never signed this log: name the folder of its service.`
    );
  }
  const hubId = await firstHubName(database, storage.hubId);
  await new SqlLogReader(database, nowMs).looked({
    hub: hubId,
    reader: `${userInfo().username} at the command line`,
    kind: 'export',
    query: words.join(' ')
  });
  if (await hasTable(database, 'retired')) {
    // What a service that was killed put down; beside one that runs, whoever is first appends it.
    await ownActs(database, keys, hubId, nowMs).flush();
  }
  await coverAll(new DigestMaker({ database, keys, nowMs }));
  await anchorAll(variables, database, nowMs);
  const { out: path, format } = asked;
  const records = await writeExportFile(path, async out => {
    if (format !== 'jsonl') {
      return format === 'csv' ? exportCsv(source, asked, out) : exportOcsf(source, asked, out, nowMs());
    }
    const write = async (personalOut: IExportOut | null): Promise<number> =>
      (await exportLog({ source, signer: keys, out, personalOut, nowMs: nowMs() }, asked)).records;
    return asked.isPersonal ? writeExportFile(personalPath(path), write) : write(null);
  });
  say(`${records} ${records === 1 ? 'record' : 'records'} in ${path}.`);
  if (format === 'jsonl') {
    const fingerprint = sha256Hex(Buffer.from(keys.publicKey, 'base64url'));
    say(`Signed with the key ${fingerprint}: keep that elsewhere, for labkeeper verify --key.`);
  }
}

/** A running service may make the same digest at the same moment: then it is there at the second try. */
async function coverAll(maker: DigestMaker): Promise<void> {
  try {
    await maker.make();
  } catch {
    // Whatever it was: if it is still so, the second try tells.
    await maker.make();
  }
}

/** So that the export brings its anchors. What is away is told on the status page, and holds up no export. */
async function anchorAll(
  variables: IExportCommand['variables'],
  database: IDatabase,
  nowMs: () => number
): Promise<void> {
  if (!(await hasTable(database, 'anchor'))) {
    return;
  }
  const { targets } = readAnchorSettings(variables, []);
  const anchors = new SqlAnchors(database);
  const queue = new AnchorQueue({ targets, anchors, log: pino({ level: 'silent' }), nowMs });
  await queue.runFor(ANCHOR_MS);
}

async function withLog(
  storage: IStorageSettings,
  use: (database: IDatabase, keys: IKeys) => Promise<void>
): Promise<void> {
  refuseMissing(storage);
  const places = await openKeyPlaces(storage);
  const database = await openExisting(storage.database);
  try {
    await use(database, await openExistingKeys(database, places));
  } finally {
    await database.close();
  }
}
