import type { Json } from '@labkeeper/core';
import { encodeBulk, outputsCollected, type RunId } from '@labkeeper/protocol';
import type { ICollectedOutputs } from './run-outputs.js';

/** Longest body of one frame, in UTF-16 units: at most 3 bytes each, below the 16 MiB that the server hands on. */
export const FRAME_UNITS = 1024 * 1024;

/**
 * The frames that hand a cell's outputs to a page, one after the other.
 *
 * @param outputs - those of `collected`, or what the journal has where they are not held any more.
 */
export function* outputsFrames(
  run: RunId,
  collected: ICollectedOutputs,
  outputs: readonly Json[]
): Generator<string> {
  const { c, executionCount, finished } = collected;
  const body = JSON.stringify(outputs);
  let from = 0;
  do {
    let to = Math.min(body.length, from + FRAME_UNITS);
    if (isHighHalf(body.charCodeAt(to - 1))) {
      // Half a character cannot be sent.
      to -= 1;
    }
    const more = to < body.length;
    yield encodeBulk(outputsCollected, { run, c, executionCount, finished, more }, body.slice(from, to));
    from = to;
  } while (from < body.length);
}

function isHighHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
