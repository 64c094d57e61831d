import { join } from 'node:path';
import { parseOncePerDay, type OncePerDay } from '@labkeeper/core';
import { deathsKnown, parseParams, type Death } from '@labkeeper/protocol';
import { codeOf } from '../failure.js';
import { readOwnFile, replaceOwnFile } from './own-folder.js';

/** What outlives a companion beside the ring. */
export interface IPast {
  readonly deaths: readonly Death[];
  /** Ids of deaths from the flight recorder that somebody has been told. */
  readonly told: readonly string[];
  /** When each notice was told last. */
  readonly notices: OncePerDay;
}

export const NO_PAST: IPast = { deaths: [], told: [], notices: {} };

/** Greatest size that is read, in bytes: 50 deaths are about 200 kB. */
const LIMIT_BYTES = 4 * 1024 * 1024;
const KEPT = 50;

/** Reads it; what cannot be read as ours counts as nothing. @throws the system's error, but not that there is none. */
export async function readPast(folder: string): Promise<IPast> {
  let bytes: Buffer;
  try {
    bytes = await readOwnFile(join(folder, 'past.json'), LIMIT_BYTES);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return NO_PAST;
    }
    throw error;
  }
  return parsePast(bytes.toString('utf8'));
}

/** Adds `news` to what lies there: a second companion of the same name may have written meanwhile. */
export async function writePast(folder: string, news: IPast, unique: string): Promise<void> {
  const there = await readPast(folder);
  const ours = new Set(news.deaths.map(death => death.id));
  const past: IPast = {
    deaths: [...there.deaths.filter(death => !ours.has(death.id)), ...news.deaths]
      .sort((a, b) => a.atMs - b.atMs)
      .slice(-KEPT),
    told: [...new Set([...there.told, ...news.told])].slice(-KEPT),
    notices: { ...there.notices, ...news.notices }
  };
  await replaceOwnFile(join(folder, 'past.json'), JSON.stringify(past), unique);
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
