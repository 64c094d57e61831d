import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { codeOf, reasonOf } from '../failure.js';
import { MASTER_KEY_BYTES, MasterKey } from './master-key.js';
import { refuseReadable } from './state-folder.js';

/** The variable that names a file from outside. */
export const MASTER_VARIABLE = 'LABKEEPER_MASTER_KEY_FILE';
/** The file in the state folder, where none comes from outside. */
export const MASTER_FILE = 'master-key';

/** More than any form of it has. */
const MOST_BYTES = 1024;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;
const TEXT_ONLY = /^[\x20-\x7e\s]*$/;

/** A new key as its file has it: base64 in one line, so that it can be pasted into a Secret. */
export function newMasterKeyFile(): Buffer {
  return Buffer.from(`${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`);
}

/** Reads a key that comes from outside. @throws Error with one sentence. */
export async function readMasterKeyFile(path: string): Promise<MasterKey> {
  let content: Buffer;
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > MOST_BYTES) {
      throw new Error(`${form(path)}, found ${found.isFile() ? `${found.size} bytes` : 'no file'}.`);
    }
    content = await readFile(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === null) {
      throw error;
    }
    throw new Error(
      code === 'ENOENT'
        ? `There is no master key at ${path}: mount the Secret that has it; no other key was made in its place.`
        : `The master key at ${path} cannot be read: ${reasonOf(error)}.`,
      { cause: error }
    );
  }
  await refuseReadable(path, 'file');
  return parseMasterKey(content, path);
}

/** @param path - for the sentence. @throws Error with one sentence. */
export function parseMasterKey(content: Buffer, path: string): MasterKey {
  const text = content.toString('latin1').trim();
  const isRaw = content.length === MASTER_KEY_BYTES;
  if (isRaw && TEXT_ONLY.test(content.toString('latin1'))) {
    throw new Error(`${form(path)}, found 32 characters of text, which are no random bytes.`);
  }
  if (!isRaw && !BASE64.test(text)) {
    throw new Error(`${form(path)}, found ${content.length} bytes of another form.`);
  }
  const bytes = isRaw ? content : Buffer.from(text, 'base64');
  if (new Set(bytes).size < MASTER_KEY_BYTES / 4) {
    throw new Error(`${form(path)}, found the same few bytes again and again.`);
  }
  return new MasterKey(bytes);
}

function form(path: string): string {
  return `${path} holds no master key: expected 32 random bytes, or their base64 in one line (openssl rand -base64 32)`;
}
