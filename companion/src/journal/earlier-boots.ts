import type { RunId } from '@labkeeper/protocol';
import { codeOf } from '../failure.js';
import { NotOursError } from '../recorder/own-folder.js';
import { ScannedRun } from './earlier-run.js';
import type { IJournalDisk } from './journal-disk.js';
import { scanBoot } from './scan-boot.js';
import { parseSegmentName } from './segment-log.js';

/** What no version here can read is kept for so long, in ms: another one may come back. */
export const STRANGE_MS = 30 * 24 * 60 * 60 * 1000;
/** A file that is just being written is younger than this. */
const LEFT_MS = 60_000;

const FORGOTTEN = /^([A-Za-z0-9-]{1,64})\.forgotten$/;

/** What one earlier companion left. */
export interface IEarlierBoot {
  readonly boot: string;
  readonly serverId: string | null;
  readonly bootAtMs: number;
  /** It ended in order, so it writes no more. */
  readonly ended: boolean;
  readonly names: readonly string[];
  /** All that have a head, those of no use too. */
  readonly runs: readonly ScannedRun[];
  /** Numbers of runs that somebody has done with. */
  readonly forgotten: Set<number>;
  /** When anything in it changed last, by the clock of the file system, in ms. */
  readonly changedAtMs: number;
  /** Some of it is of another version, or so damaged that nobody knows whose it is. */
  readonly isStrange: boolean;
  /** Bytes at the end of a write that nobody was told of. */
  readonly tornBytes: number;
}

/** The names of all segments in the folder but those of `ownBoot`, by boot, in their order. */
export async function earlierSegments(
  disk: IJournalDisk,
  ownBoot: string
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, { number: number; name: string }[]>();
  for (const name of await disk.names()) {
    const segment = parseSegmentName(name);
    if (segment && segment.boot !== ownBoot) {
      const list = found.get(segment.boot) ?? [];
      list.push({ number: segment.number, name });
      found.set(segment.boot, list);
    }
  }
  return new Map(
    [...found].map(([boot, list]) => [boot, list.sort((a, b) => a.number - b.number).map(({ name }) => name)])
  );
}

/** Reads what one companion left. @throws the system's error, or NotOursError for a file that somebody else put there. */
export async function readBoot(
  disk: IJournalDisk,
  boot: string,
  names: readonly string[],
  ownServerId: string
): Promise<IEarlierBoot> {
  const scan = await scanBoot(disk, boot, names);
  const sameServer = scan.serverId === ownServerId;
  return {
    boot,
    serverId: scan.serverId,
    bootAtMs: scan.bootAtMs,
    ended: scan.ended,
    names,
    runs: [...scan.runs.values()]
      .map(run => ScannedRun.of(disk, scan, run, sameServer))
      .filter(run => run !== null),
    forgotten: await readForgotten(disk, boot),
    changedAtMs: await lastChange(disk, names),
    isStrange: scan.strayFrames > 0 || (scan.damages > 0 && scan.serverId === null),
    tornBytes: scan.tornBytes
  };
}

/** When any of the segments changed last; 0 = none is there any more. */
export async function lastChange(disk: IJournalDisk, names: readonly string[]): Promise<number> {
  let lastMs = 0;
  for (const name of names) {
    lastMs = Math.max(lastMs, (await disk.state(name)).changedAtMs);
  }
  return lastMs;
}

/** Notes that a run is done with: after this it is not read again. */
export async function keepForgotten(disk: IJournalDisk, boot: IEarlierBoot): Promise<void> {
  await disk.replace(`${boot.boot}.forgotten`, JSON.stringify([...boot.forgotten]));
}

/** Removes everything that a companion left. */
export async function removeBoot(disk: IJournalDisk, boot: IEarlierBoot): Promise<void> {
  // The list of what is done with goes last: whatever is left of the segments after a crash is still done with.
  await keepForgotten(disk, boot);
  for (const name of boot.names) {
    await disk.remove(name);
  }
  await disk.syncFolder();
  await disk.remove(`${boot.boot}.forgotten`);
}

/**
 * Removes what is no segment and nobody's any more: lists whose segments are gone, and files that were about to replace
 * another one when their companion was killed.
 *
 * @param nowMs - by the clock of the file system.
 */
export async function removeLeftFiles(disk: IJournalDisk, nowMs: number): Promise<void> {
  const names = await disk.names();
  const boots = new Set(names.map(name => parseSegmentName(name)?.boot));
  for (const name of names.filter(name => !parseSegmentName(name))) {
    const boot = FORGOTTEN.exec(name)?.[1];
    const isOfUse = boot !== undefined && boots.has(boot);
    if (!isOfUse && nowMs - (await disk.state(name)).changedAtMs > LEFT_MS) {
      await disk.remove(name);
    }
  }
}

async function readForgotten(disk: IJournalDisk, boot: string): Promise<Set<number>> {
  const name = `${boot}.forgotten`;
  try {
    const { sizeBytes } = await disk.state(name);
    const pieces: Buffer[] = [];
    for await (const piece of disk.read(name, 0, sizeBytes)) {
      pieces.push(piece);
    }
    const numbers: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return new Set(Array.isArray(numbers) ? numbers.filter(number => typeof number === 'number') : []);
  } catch (error) {
    // There is none, or it is damaged: a run that is told twice does less harm than one that is not told.
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof NotOursError) {
      return new Set();
    }
    throw error;
  }
}

/**
 * All runs that tell less than another one, across companions: what a run `replaces` is of no use as soon as a batch of
 * it is there, and what that one replaced neither; so are older runs of the same id.
 */
export function replacedRuns(boots: readonly IEarlierBoot[]): Set<ScannedRun> {
  const byId = new Map<RunId, ScannedRun[]>();
  for (const run of boots.flatMap(boot => boot.runs)) {
    byId.set(run.run, [...(byId.get(run.run) ?? []), run]);
  }
  const replaced = new Set<ScannedRun>();
  const replace = (id: RunId | null): void => {
    for (const run of (id === null ? null : byId.get(id)) ?? []) {
      if (!replaced.has(run)) {
        replaced.add(run);
        replace(run.replaces);
      }
    }
  };
  for (const runs of byId.values()) {
    const begun = runs.filter(run => run.isBegun).sort((a, b) => a.openedAtMs - b.openedAtMs);
    begun.slice(0, -1).forEach(run => replaced.add(run));
    begun.forEach(run => run.replaces === run.run || replace(run.replaces));
  }
  return replaced;
}
