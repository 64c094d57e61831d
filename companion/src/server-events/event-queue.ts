import {
  SERVER_EVENTS,
  SERVER_EVENTS_BYTES,
  type ServerEvent,
  type ServerEventsHead
} from '@labkeeper/protocol';

/** Events that wait, at most; then the oldest go. */
const WAITING = 500;

/** Events that wait to be sent, and the batch that is under way: it stays the same until it is answered. */
export class EventQueue {
  /** @param boot - the companion's run. @param image - that the server says it runs in; null = not known. */
  constructor(
    private readonly boot: string,
    private readonly image: string | null
  ) {}

  get isEmpty(): boolean {
    return this.batch === null && this.waiting.length === 0;
  }

  add(event: ServerEvent): void {
    this.waiting.push(event);
    this.waiting.splice(0, this.waiting.length - WAITING);
  }

  /** Nothing is to be sent any more. */
  clear(): void {
    this.waiting.length = 0;
    // The hub may have the batch under way: what comes later must not bear its numbers.
    this.done();
  }

  /** The body of the batch that is next; null = there is none. */
  next(): Buffer | null {
    if (this.batch === null && this.waiting.length > 0) {
      const lines: string[] = [];
      let bytes = HEAD_BYTES;
      for (const event of this.waiting.slice(0, SERVER_EVENTS)) {
        const line = `${JSON.stringify(event)}\n`;
        bytes += Buffer.byteLength(line);
        if (bytes > SERVER_EVENTS_BYTES) {
          break;
        }
        lines.push(line);
      }
      this.waiting.splice(0, lines.length);
      const { boot, image, seq } = this;
      const head: ServerEventsHead = { protocol: 1, boot, first: seq + 1, count: lines.length, image };
      this.batch = {
        body: Buffer.from([`${JSON.stringify(head)}\n`, ...lines].join('')),
        count: lines.length
      };
    }
    return this.batch?.body ?? null;
  }

  /** The batch under way is with the hub, or never will be. */
  done(): void {
    this.seq += this.batch?.count ?? 0;
    this.batch = null;
  }

  private readonly waiting: ServerEvent[] = [];
  private batch: { readonly body: Buffer; readonly count: number } | null = null;
  /** Number of the last event that was done with. */
  private seq = 0;
}

/** A head is no longer than this: an image's name is the longest in it. */
const HEAD_BYTES = 4096;
