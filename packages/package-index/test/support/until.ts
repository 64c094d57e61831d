import { setTimeout as pause } from 'node:timers/promises';

const STEP_MS = 20;
const LIMIT_MS = 10_000;

/** Waits until something is so; fails when it is not after ten seconds. */
export async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!isSo()) {
    if (Date.now() > end) {
      throw new Error(`It was not so after ${LIMIT_MS / 1000} s: ${isSo.toString()}`);
    }
    await pause(STEP_MS);
  }
}
