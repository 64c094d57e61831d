import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';
import { parseSigned, signedTexts, type IByteRange, type INotebookMap } from '@labkeeper/core';
import { isSameStamp, PlainFile, type IFileStamp } from './plain-file.js';

/** Where jupyter_server keeps what it needs to tell trusted notebooks from others. */
export interface ISignatures {
  readonly secretFile: string;
  readonly dbFile: string;
}

/** A file that we wrote ourselves, and know every byte of. */
export interface IOwnFile {
  readonly path: string;
  readonly stamp: IFileStamp;
  readonly map: INotebookMap;
}

/** A cell that is longer is not read into memory, in bytes; its notebook is to be trusted by hand. */
const CELL_BYTES = 12 * 1024 * 1024;
const ALGORITHM = 'sha256';
const BUSY_MS = 5000;

/** Never in a signature (`signature_removed` in sign.py), and never in a file (`strip_transient` in rwbase.py). */
const UNSIGNED = new Set(['signature', 'orig_nbformat', 'orig_nbformat_minor']);

/** Whether this Node can sign: SQLite is in it without a flag. */
export function canSign(): boolean {
  return isBuiltin('node:sqlite');
}

/**
 * Signs a notebook as jupyter_server does when a trusted one is saved, so that it is trusted when it is opened again.
 *
 * @returns whether it is signed: not one that somebody else wrote meanwhile, nor one with a cell of many megabytes.
 * @throws the system's error, one of SQLite, or Node's where that is missing: see `canSign`.
 */
export async function signNotebook(own: IOwnFile, { secretFile, dbFile }: ISignatures): Promise<boolean> {
  const digest = await digestOf(own, await readFile(secretFile));
  if (digest === null) {
    return false;
  }
  // Only here: Node has it without a flag since 22.13, and whoever does not sign does without.
  const sqlite = await import('node:sqlite');
  const database = new sqlite.DatabaseSync(dbFile, { timeout: BUSY_MS });
  try {
    store(database, digest, new Date().toISOString().replace('T', ' ').replace('Z', '000+00:00'));
    return true;
  } finally {
    database.close();
  }
}

async function digestOf({ path, stamp, map }: IOwnFile, secret: Buffer): Promise<string | null> {
  if ([...map.cells, map.metadata].some(({ from, to }) => to - from > CELL_BYTES)) {
    return null;
  }
  const file = await PlainFile.open(path);
  if (file === null) {
    return null;
  }
  try {
    const hmac = createHmac(ALGORITHM, secret);
    const add = async (range: IByteRange, isLeftOut?: (key: string) => boolean): Promise<void> => {
      for (const text of signedTexts(parseSigned((await file.read(range)).toString()), isLeftOut)) {
        hmac.update(text);
      }
    };
    hmac.update('cells');
    for (const cell of map.cells) {
      await add(cell);
    }
    hmac.update('metadata');
    await add(map.metadata, key => UNSIGNED.has(key));
    hmac.update('nbformat4');
    hmac.update(`nbformat_minor${map.minor}`);
    // A rename changes no more than the time of change.
    const isOurs = isSameStamp({ ...file.stamp, changedNs: stamp.changedNs }, stamp) && (await file.isSame());
    return isOurs ? hmac.digest('hex') : null;
  } finally {
    await file.close();
  }
}

/** As `SQLiteSignatureStore.store_signature`; the table is there since the notebook was opened. */
function store(database: DatabaseSync, digest: string, nowText: string): void {
  const known = database
    .prepare('UPDATE nbsignatures SET last_seen = ? WHERE algorithm = ? AND signature = ?')
    .run(nowText, ALGORITHM, digest);
  if (Number(known.changes) === 0) {
    database
      .prepare('INSERT INTO nbsignatures (algorithm, signature, last_seen) VALUES (?, ?, ?)')
      .run(ALGORITHM, digest, nowText);
  }
}
