import { randomUUID } from 'node:crypto';
import type { Json } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import type { IKernelAddress } from '../iopub/connection-file.js';
import type { IFrameHandler, IFrameHead } from '../iopub/zmtp-frames.js';
import { ZmtpSubscriber } from '../iopub/zmtp-subscriber.js';
import { replyMessage, requestMessage } from './request-message.js';

/** Answers to what is asked here are some kilobytes; a longer one is dropped. */
const REPLY_BYTES = 1024 * 1024;
/** Parts of one message, buffers included. */
const REPLY_PARTS = 64;

/**
 * A connection to the shell channel of a kernel, beside those of the pages: asks, and is answered. jupyter_server has
 * no part in it. What a kernel publishes about our requests (busy, idle, outputs) it publishes to all.
 */
export class KernelShell implements IDisposable {
  constructor(
    private readonly address: IKernelAddress,
    private readonly clock: IClock
  ) {
    this.client = new ZmtpSubscriber({
      at: address.at,
      clock,
      role: 'DEALER',
      messages: new PartsReader(parts => this.read(parts)),
      ready: () => this.becomeReady(),
      closed: () => this.end()
    });
  }

  /**
   * Asks, and waits for the answer at most `withinMs`. null = none came: the connection is over, or time is. A request
   * that was sent may be carried out later.
   */
  request(type: string, content: Json, withinMs: number): Promise<Json | null> {
    return new Promise(resolve => {
      if (this.isOver) {
        resolve(null);
        return;
      }
      const { msgId, parts } = requestMessage({
        ...{ type, content, session: this.session },
        key: this.address.key,
        nowMs: this.clock.wallMs()
      });
      const timer = this.clock.after(withinMs, () => this.answer(msgId, null));
      this.waiting.set(msgId, { answered: resolve, timer });
      if (this.isReady) {
        this.client.send(parts);
      } else {
        this.unsent.push(parts);
      }
    });
  }

  dispose(): void {
    this.client.dispose();
    this.end();
  }

  private becomeReady(): void {
    this.isReady = true;
    this.unsent.splice(0).forEach(parts => this.client.send(parts));
  }

  private read(parts: readonly Buffer[]): void {
    const reply = replyMessage(parts, this.address.key);
    if (reply) {
      this.answer(reply.parentId, reply.content);
    }
  }

  private answer(msgId: string, content: Json | null): void {
    const waiting = this.waiting.get(msgId);
    this.waiting.delete(msgId);
    waiting?.timer.dispose();
    waiting?.answered(content);
  }

  private end(): void {
    this.isOver = true;
    for (const msgId of [...this.waiting.keys()]) {
      this.answer(msgId, null);
    }
  }

  private readonly client: ZmtpSubscriber;
  private readonly session = randomUUID();
  private readonly waiting = new Map<
    string,
    { readonly answered: (content: Json | null) => void; readonly timer: IDisposable }
  >();
  private readonly unsent: (readonly Buffer[])[] = [];
  private isReady = false;
  private isOver = false;
}

/** Puts the parts of messages together; one that is too long is dropped. */
class PartsReader implements IFrameHandler {
  constructor(private readonly message: (parts: readonly Buffer[]) => void) {}

  begins({ bytes }: IFrameHead): boolean {
    this.bytes += bytes;
    return this.bytes <= REPLY_BYTES && this.parts.length < REPLY_PARTS;
  }

  ends({ hasMore }: IFrameHead, body: Buffer): void {
    this.parts.push(Buffer.from(body));
    if (!hasMore) {
      const { parts, dropped } = this;
      this.next();
      if (!dropped) {
        this.message(parts);
      }
    }
  }

  skipped({ hasMore }: IFrameHead): void {
    this.dropped = true;
    if (!hasMore) {
      this.next();
    }
  }

  private next(): void {
    this.parts = [];
    this.bytes = 0;
    this.dropped = false;
  }

  private parts: Buffer[] = [];
  private bytes = 0;
  private dropped = false;
}
