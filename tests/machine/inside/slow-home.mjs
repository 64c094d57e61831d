import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { report } from './report.mjs';

const SYNCS = '/tmp/syncs';
const MINUTE_MS = 60_000;
const FLUSHES_PER_SYNC = 2;
/** It is good enough when one sync takes so much more or less than wanted, in parts of 1; or after so many tries. */
const CLOSE = 0.1;
const ROUNDS = 6;

/** Of the companion, so that its syncs are counted. */
export const COUNTING = { NODE_OPTIONS: '--import /payload/count-syncs.mjs', LK_SYNCS: SYNCS };

/** Tells the world outside how long the disk is to take for a flush. It does so from then on, nearly at once. */
async function setFlush(flushMs) {
  report({ kind: 'disk', flushMs });
  await delay(300);
}

/** What it takes to append something to a file in a folder and to force that to the disk, in ms: the median of ten. */
function syncMs(folder) {
  const path = join(folder, 'probe');
  const file = openSync(path, 'a');
  const took = Array.from({ length: 10 }, () => {
    const fromMs = performance.now();
    writeSync(file, 'x'.repeat(200));
    fdatasyncSync(file);
    return performance.now() - fromMs;
  });
  closeSync(file);
  rmSync(path);
  return took.sort((a, b) => a - b)[5];
}

/**
 * Makes the disk so slow that one sync takes `targetMs`, whatever the file system makes of it (ext4 flushes twice, for
 * its data and for its journal).
 *
 * @returns what one sync takes, in ms.
 */
export async function slowDown(folder, targetMs) {
  let flushMs = 0;
  for (let round = 0; ; round += 1) {
    await setFlush(flushMs);
    const nowMs = syncMs(folder);
    if (round === ROUNDS || Math.abs(nowMs - targetMs) < CLOSE * targetMs) {
      return nowMs;
    }
    flushMs = Math.max(0, flushMs + (targetMs - nowMs) / FLUSHES_PER_SYNC);
  }
}

export const speedUp = () => setFlush(0);

/** Forgets the syncs that were counted. */
export function forgetSyncs() {
  rmSync(SYNCS, { force: true });
  appendFileSync(SYNCS, '');
  // The companion is another user.
  chmodSync(SYNCS, 0o666);
}

/** The syncs of the companion: how many at most within a minute, and how long one took (median), in ms. */
export function syncsSoFar() {
  const lines = existsSync(SYNCS) ? readFileSync(SYNCS, 'utf8').trim().split('\n').filter(Boolean) : [];
  const syncs = lines.map(line => line.split(' ').map(Number));
  const perMinute = syncs.map(
    ([from]) => syncs.filter(([other]) => other >= from && other < from + MINUTE_MS).length
  );
  const took = syncs.map(([from, to]) => to - from).sort((a, b) => a - b);
  return { worstMinute: Math.max(0, ...perMinute), all: syncs.length, medianMs: took[took.length >> 1] ?? 0 };
}
