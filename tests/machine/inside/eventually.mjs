import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a fact of the system that sends no signal (a counter, a file, a port), asking every 10 ms.
 *
 * @param look - may be asynchronous.
 *
 * @param what - what is waited for, or a function that says it at the end.
 * @returns the first truthy value of `look`.
 * @throws after `timeoutMs`, naming what was waited for.
 */
export async function eventually(look, timeoutMs, what) {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) {
      return value;
    }
    if (Date.now() > endMs) {
      throw new Error(`waited ${timeoutMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await delay(10);
  }
}
