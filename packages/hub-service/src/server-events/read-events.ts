import { isUtf8 } from 'node:buffer';
import { ServerEvent, ServerEventsHead } from '@labkeeper/protocol';
import * as v from 'valibot';
import { isShallow } from '../ingest/json-depth.js';

/** An event is an object of plain values. */
const DEPTH = 2;

/**
 * Reads a batch of events. One that cannot be read, such as a kind of a later version, is left out by itself.
 *
 * @returns null = it is no batch.
 */
export function readEvents(
  body: Buffer
): { readonly head: ServerEventsHead; readonly events: readonly (ServerEvent | null)[] } | null {
  const lines = isUtf8(body) ? body.toString('utf8').split('\n') : [];
  if (lines.pop() !== '') {
    return null;
  }
  const [first = '', ...rest] = lines;
  const head = v.safeParse(ServerEventsHead, parse(first));
  if (!head.success || head.output.count !== rest.length) {
    return null;
  }
  const events = rest.map(line => {
    const read = v.safeParse(ServerEvent, parse(line));
    return read.success ? read.output : null;
  });
  return { head: head.output, events };
}

/** @returns undefined = it is no JSON, or too deep. */
function parse(text: string): unknown {
  if (!isShallow(text, DEPTH)) {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
