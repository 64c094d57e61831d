import { join } from 'node:path';
import { parseOncePerDay, toldToday, type OncePerDay } from '@labkeeper/core';
import { deathsKnown, parseParams, type Death } from '@labkeeper/protocol';
import { codeOf } from '../failure.js';
import { readOwnFile, removeLeftovers, replaceOwnFile } from './own-folder.js';

/** What outlives a companion beside the ring. */
export interface IPast {
  readonly deaths: readonly Death[];
  /** Ids of deaths from the flight recorder that somebody has been told. */
  readonly told: readonly string[];
  /** When each notice was told last. */
  readonly notices: OncePerDay;
}

export const NO_PAST: IPast = { deaths: [], told: [], notices: {} };

/**
 * Greatest size that is written, in bytes: 20 to 50 deaths. While it is replaced it is there twice, and together with the
 * two segments of the ring that is less than 1 MB.
 */
export const PAST_BYTES = 100 * 1024;
/** Greatest size that is read, in bytes: earlier versions wrote more. */
const LIMIT_BYTES = 4 * 1024 * 1024;
const KEPT = 50;

/** Reads it; what cannot be read as ours counts as nothing. @throws the system's error, but not that there is none. */
export async function readPast(folder: string): Promise<IPast> {
  let bytes: Buffer;
  try {
    bytes = await readOwnFile(pathIn(folder), LIMIT_BYTES);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return NO_PAST;
    }
    throw error;
  }
  return parsePast(bytes.toString('utf8'));
}

/**
 * Adds `news` to what lies there: a second companion of the same name may have written meanwhile. The newest is kept,
 * in the order in which it became known; clocks may have been set in between.
 */
export async function writePast(folder: string, news: IPast, unique: string, nowMs: number): Promise<void> {
  const there = await readPast(folder);
  const ours = new Set(news.deaths.map(death => death.id));
  const past: IPast = {
    deaths: [...there.deaths.filter(death => !ours.has(death.id)), ...news.deaths].slice(-KEPT),
    told: [...new Set([...there.told, ...news.told])].slice(-KEPT),
    notices: toldToday({ ...there.notices, ...news.notices }, nowMs)
  };
  await replaceOwnFile(pathIn(folder), fitting(past), unique);
}

/** Removes what a killed companion left half written. */
export function removePastLeftovers(folder: string, nowMs: number): Promise<void> {
  return removeLeftovers(pathIn(folder), nowMs);
}

function pathIn(folder: string): string {
  return join(folder, 'past.json');
}

/** The text of it without the oldest deaths that do not fit. */
function fitting(past: IPast): string {
  const without = JSON.stringify({ ...past, deaths: [] });
  let freeBytes = PAST_BYTES - Buffer.byteLength(without);
  if (freeBytes < 0) {
    // Thousands of kernels were warned today: told once more is better than a file without end.
    return fitting({ ...past, told: [], notices: {} });
  }
  const first = past.deaths.findLastIndex(death => {
    freeBytes -= Buffer.byteLength(JSON.stringify(death)) + 1;
    return freeBytes < 0;
  });
  return JSON.stringify({ ...past, deaths: past.deaths.slice(first + 1) });
}

function parsePast(text: string): IPast {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) {
      return NO_PAST;
    }
    const { deaths, told, notices } = { deaths: [], told: [], notices: {}, ...value };
    return {
      deaths: parseParams(deathsKnown, { deaths }).deaths,
      told: Array.isArray(told) ? told.filter(id => typeof id === 'string') : [],
      notices: parseOncePerDay(notices)
    };
  } catch {
    // Damaged, or of another version: it is history, and is begun anew.
    return NO_PAST;
  }
}
