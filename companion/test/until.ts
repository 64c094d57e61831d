import { setTimeout as pause } from 'node:timers/promises';

/** Waits until something outside of this process has happened. @throws when it does not within `limitMs`. */
export async function until(holds: () => boolean, limitMs = 15_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endMs) {
      throw new Error(`This did not come true within ${limitMs} ms: ${holds.toString()}`);
    }
    await pause(10);
  }
}
