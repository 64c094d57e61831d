import {
  EXAMPLE_CHARACTERS,
  EXAMPLE_HEAD,
  type OutgoingClass,
  type OutgoingExample,
  type OutgoingRow
} from '@labkeeper/protocol';
import { CLASSES, OUTGOING } from './outgoing-table.js';

/** No character of UTF-8 has more bytes. */
const CHARACTER_BYTES = 4;

/** One message as it was sent. */
export interface ISentMessage {
  readonly what: OutgoingClass;
  /** The request line and the headers, a line each, without the credential. */
  readonly head: string;
  readonly body: Buffer | undefined;
  /** Of the whole message. */
  readonly bytes: number;
}

/** Keeps the last message of each class that was sent to the hub service, and counts them; a few kB per class. */
export class OutgoingLedger {
  constructor(
    private readonly nowMs: () => number,
    private readonly changed: () => void = () => undefined
  ) {}

  /** A message was handed to the network. */
  sent({ what, head, body, bytes }: ISentMessage): void {
    const before = this.counts.get(what);
    this.counts.set(what, {
      count: (before?.count ?? 0) + 1,
      bytes: (before?.bytes ?? 0) + bytes,
      last: { atMs: Math.round(this.nowMs()), bytes, head: head.slice(0, EXAMPLE_HEAD), ...example(body) }
    });
    this.changed();
  }

  /** All classes, also those of which nothing was sent. */
  get rows(): OutgoingRow[] {
    return CLASSES.map(what => ({
      ...{ what, ...OUTGOING[what] },
      ...(this.counts.get(what) ?? { count: 0, bytes: 0, last: null })
    }));
  }

  private readonly counts = new Map<OutgoingClass, Pick<OutgoingRow, 'count' | 'bytes' | 'last'>>();
}

/** A copy, so that the whole of a large batch is not held for the sake of its beginning. */
function example(body: Buffer | undefined): Pick<OutgoingExample, 'body' | 'isCut'> {
  if (body === undefined) {
    return { body: null, isCut: false };
  }
  const start = body.toString('utf8', 0, EXAMPLE_CHARACTERS * CHARACTER_BYTES);
  const isCut = start.length > EXAMPLE_CHARACTERS || body.length > EXAMPLE_CHARACTERS * CHARACTER_BYTES;
  return { body: start.slice(0, EXAMPLE_CHARACTERS), isCut };
}
