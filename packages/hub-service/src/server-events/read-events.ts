import { isUtf8 } from 'node:buffer';
import { ServerEvent, ServerEventsHead } from '@labkeeper/protocol';
import * as v from 'valibot';
import { isShallow } from '../ingest/json-depth.js';
import { otherProtocol } from '../ingest/other-protocol.js';

/** An event is an object of plain values. */
const DEPTH = 2;

/** What a body was found to be; `protocol`: a batch of a version that is not read here, with a sentence that says so. */
export type ReadEvents =
  | {
      readonly kind: 'batch';
      readonly head: ServerEventsHead;
      /** null = cannot be read. */
      readonly events: readonly (ServerEvent | null)[];
    }
  | { readonly kind: 'protocol' | 'malformed'; readonly message: string };

/** Reads a batch of events. One that cannot be read, such as a kind of a later version, is left out by itself. */
export function readEvents(body: Buffer): ReadEvents {
  const lines = isUtf8(body) ? body.toString('utf8').split('\n') : [];
  if (lines.pop() !== '') {
    return MALFORMED;
  }
  const [first = '', ...rest] = lines;
  const json = parse(first);
  const head = v.safeParse(ServerEventsHead, json);
  if (!head.success) {
    const message = otherProtocol(json);
    return message === null ? MALFORMED : { kind: 'protocol', message };
  }
  if (head.output.count !== rest.length) {
    return MALFORMED;
  }
  const events = rest.map(line => {
    const read = v.safeParse(ServerEvent, parse(line));
    return read.success ? read.output : null;
  });
  return { kind: 'batch', head: head.output, events };
}

const MALFORMED = { kind: 'malformed', message: 'This is no batch of events.' } as const;

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
