import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { isJson, OUTPUT_TYPES, type IIopubMessage, type Json } from '@labkeeper/core';
import { memoryBytes } from './json-memory.js';
import type { IFrameHandler, IFrameHead } from './zmtp-frames.js';

/** Stands between the routing parts of a message and the message (Jupyter's wire protocol 5). */
const DELIMITER = Buffer.from('<IDS|MSG>');
/** Routing parts before the delimiter: iopub has one, the topic. */
const MOST_ROUTING_PARTS = 16;
/** Signature, header, parent header, metadata, content. Buffers follow, of which outputs keep nothing. */
const MESSAGE_PARTS = 5;
/** Header and parent header are a few hundred bytes. */
const HEADER_BYTES = 64 * 1024;

/** Content that would take so many times more memory than it may have bytes is not read either. */
const MEMORY_FACTOR = 2;

/** Kinds of messages that are read; of others only the header is. */
const READ_TYPES: ReadonlySet<string> = new Set([...OUTPUT_TYPES, 'status', 'execute_input']);

/** A message that was too long to be read: what it was, unsigned. */
export interface ISkippedMessage {
  readonly type: string;
  readonly parentId: string | null;
  readonly bytes: number;
}

/** What came of messages that were not handed on. */
export interface IMessageCounts {
  /** Handed on. */
  read: number;
  /** All bytes of messages, skipped ones too. */
  bytes: number;
  /** Longer than allowed. */
  skipped: number;
  /** Signed with another key. */
  unsigned: number;
  /** Not as Jupyter's protocol says. */
  malformed: number;
}

export interface IMessageReaderOptions {
  /** The key of the connection file; empty = messages are not signed. */
  readonly key: string;
  /** Longer messages are skipped, and those that would take far more memory. */
  readonly limitBytes: number;
  readonly counts: IMessageCounts;
  readonly message: (message: IIopubMessage) => void;
  readonly skipped: (message: ISkippedMessage) => void;
}

/** Puts the parts of iopub messages together, checks who signed them, and reads those that say something of outputs. */
export class MessageReader implements IFrameHandler {
  constructor(private readonly options: IMessageReaderOptions) {
    this.key = options.key === '' ? null : createSecretKey(options.key, 'utf8');
  }

  begins({ bytes }: IFrameHead): boolean {
    this.options.counts.bytes += bytes;
    if (this.state === 'over') {
      return false;
    }
    const inHeader = this.parts.length < 3;
    this.messageBytes += bytes;
    if (this.messageBytes > (inHeader ? HEADER_BYTES : this.options.limitBytes)) {
      this.tooLong = true;
      return false;
    }
    return !this.tooLong;
  }

  ends({ hasMore }: IFrameHead, body: Buffer): void {
    if (this.state === 'routing') {
      this.routing += 1;
      if (body.equals(DELIMITER)) {
        this.state = 'parts';
      } else if (this.routing > MOST_ROUTING_PARTS) {
        this.malformed();
      }
    } else {
      const isLast = this.parts.length === MESSAGE_PARTS - 1;
      this.parts.push(isLast ? body : Buffer.from(body));
      if (isLast) {
        this.state = 'over';
        this.finish(this.parts);
      } else if (this.parts.length === 2 && !this.isOfInterest(body)) {
        this.state = 'over';
      }
    }
    this.next(hasMore);
  }

  skipped({ hasMore }: IFrameHead): void {
    this.next(hasMore);
  }

  private next(hasMore: boolean): void {
    if (hasMore) {
      return;
    }
    if (this.tooLong) {
      this.options.counts.skipped += 1;
      this.tellSkipped(this.parts);
    } else if (this.state !== 'over') {
      this.options.counts.malformed += 1;
    }
    this.state = 'routing';
    this.routing = 0;
    this.parts = [];
    this.type = null;
    this.messageBytes = 0;
    this.tooLong = false;
  }

  /** Whether a message with this header is read; others need not be signed, nobody acts on them. */
  private isOfInterest(header: Buffer): boolean {
    this.type = text(parse(header)?.['msg_type']);
    if (this.type === null) {
      this.options.counts.malformed += 1;
    }
    return this.type !== null && READ_TYPES.has(this.type);
  }

  private malformed(): void {
    this.state = 'over';
    this.options.counts.malformed += 1;
  }

  private finish([signature, ...signed]: readonly Buffer[]): void {
    const [, parentHeader, , content] = signed;
    const { type } = this;
    if (!signature || type === null || !parentHeader || !content) {
      this.malformed();
      return;
    }
    if (!this.isSigned(signature, signed)) {
      this.options.counts.unsigned += 1;
      return;
    }
    const takes = memoryBytes(content);
    if (takes > MEMORY_FACTOR * this.options.limitBytes) {
      this.tooLong = true;
      return;
    }
    const parent = parse(parentHeader);
    const body = parse(content);
    if (!parent || !body) {
      this.malformed();
      return;
    }
    this.options.counts.read += 1;
    this.options.message({
      type,
      parentId: text(parent['msg_id']),
      parentType: text(parent['msg_type']),
      content: body,
      bytes: content.length,
      memoryBytes: takes
    });
  }

  private isSigned(signature: Buffer, signed: readonly Buffer[]): boolean {
    if (this.key === null) {
      return true;
    }
    const hmac = createHmac('sha256', this.key);
    for (const part of signed) {
      hmac.update(part);
    }
    const expected = Buffer.from(hmac.digest('hex'), 'latin1');
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }

  private tellSkipped([, , parentHeader]: readonly Buffer[]): void {
    const { type } = this;
    if (type !== null && READ_TYPES.has(type)) {
      const parentId = parentHeader ? text(parse(parentHeader)?.['msg_id']) : null;
      this.options.skipped({ type, parentId, bytes: this.messageBytes });
    }
  }

  private readonly key: KeyObject | null;
  private state: 'routing' | 'parts' | 'over' = 'routing';
  private routing = 0;
  private parts: Buffer[] = [];
  /** As its header says. */
  private type: string | null = null;
  private messageBytes = 0;
  private tooLong = false;
}

/** A JSON object; null = it is none. */
function parse(bytes: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isJson(value) ? value : null;
  } catch {
    // Not JSON: the caller counts it.
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
