import { readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Patience } from './patience.mts';
import { scripted } from './scripted-kinds.mts';
import type { Tracked } from './scripted-pages.mts';
import { hashOf } from './scripted-save.mts';
import { versionIn } from './scripted.mts';

/** Where the newest version of a document is that is whole, to the last character. */
export interface IHeld {
  readonly version: number;
  /** A name in the document's folder. */
  readonly name: string;
  /** How the others differ from what they say they are. */
  readonly odd: readonly string[];
}

/** The names of a document: its own, and those of its recovered copies. */
export function copiesOf({ folder, path }: Tracked): string[] {
  const stem = path.slice(0, -extname(path).length);
  return readdirSync(folder).filter(name => name.startsWith(`${stem} (recovered `));
}

/** The newest whole version among a document's file and its recovered copies. */
export function held(document: Tracked, names = [document.path, ...copiesOf(document)]): IHeld {
  const odd: string[] = [];
  let best = { version: -1, name: '' };
  for (const name of names) {
    const found = wholeVersion(document, name);
    if (typeof found === 'string') odd.push(`${name}: ${found}`);
    else if (found > best.version) best = { version: found, name };
  }
  return { ...best, odd };
}

/** What was found out before, as long as the file is the same one. */
const known = new Map<string, { readonly stamp: string; readonly version: number | string }>();

/** Which version a file is, to the last character; else what is wrong with it. */
export function wholeVersion(document: Tracked, name: string): number | string {
  const path = join(document.folder, name);
  const stamp = stampOf(path);
  const before = known.get(path);
  if (stamp !== null && before?.stamp === stamp) return before.version;
  const version = readVersion(document, path);
  if (stamp !== null && stampOf(path) === stamp) known.set(path, { stamp, version });
  return version;
}

function readVersion(document: Tracked, path: string): number | string {
  const bytes = bytesOf(path);
  return bytes === null ? 'it is not there' : textVersion(document, bytes);
}

function textVersion({ kind, seed }: Tracked, bytes: Buffer): number | string {
  const text = bytes.toString();
  const version = versionIn(text);
  if (version === null) return 'it tells no version';
  try {
    const difference = scripted(kind, seed, version).differs(text);
    return difference === null ? version : `it is not version ${version}: ${difference}`;
  } catch (error) {
    return `it is no document: ${String(error)}`;
  }
}

function stampOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}` : null;
}

/** A page may have said what it writes just now, and not been heard yet. */
const HEARD_MS = 15_000;

/** What is wrong with the original: it is no version that was ever written whole. null = nothing. */
export async function damageOf(document: Tracked): Promise<string | null> {
  const bytes = bytesOf(join(document.folder, document.path));
  if (bytes === null) return 'it is gone';
  const hash = hashOf(bytes);
  const patience = new Patience(HEARD_MS);
  for (;;) {
    if (document.whole.has(hash)) return null;
    // In other bytes than a page foresaw, as where it was put into a recovered copy; but to the last character.
    const version = textVersion(document, bytes);
    if (typeof version === 'number' && document.saving.has(version)) return null;
    if (patience.isOver) return `its ${bytes.length} bytes were never written whole: ${version}`;
    await sleep(100);
  }
}

function bytesOf(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
