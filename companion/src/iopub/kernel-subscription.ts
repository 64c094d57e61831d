import type { IIopubMessage } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import { NotOursError } from '../recorder/own-folder.js';
import { ConnectionFileError, readConnectionFile, type IKernelAddress } from './connection-file.js';
import { watchFile } from './folder-watch.js';
import { MessageReader, type IMessageCounts, type ISkippedMessage } from './message-reader.js';
import { ZmtpSubscriber, type IRefusal } from './zmtp-subscriber.js';

/** A kernel that restarts closes its sockets several times while it starts, and is back within seconds. */
const RETRY_MS = 200;
/** After so many tries in vain, files of kernels that are long dead need no more attention than this. */
const HURRIED_TRIES = 300;
const SLOW_RETRY_MS = 5000;

/** A file that is gone for so long was not just written anew. */
const GONE_MS = 500;

/** Why nothing is heard of a kernel although its connection file is there. */
export type SubscriptionTrouble =
  IRefusal['reason'] | ConnectionFileError['reason'] | 'not-ours' | 'unreadable' | 'unreachable';

/** How a subscription stands. */
export type SubscriptionState =
  | { readonly is: 'connecting'; readonly trouble: SubscriptionTrouble | null; readonly text: string }
  | { readonly is: 'subscribed' }
  | { readonly is: 'over' };

/** What a subscription tells. */
export interface ISubscriptionEvents {
  message(message: IIopubMessage): void;
  /** A message was too long. */
  skipped(message: ISkippedMessage): void;
  /** The connection is lost: the kernel ended, as far as can be told. It is tried again. */
  lost(): void;
  /** The connection file is gone, and so is the kernel. Nothing follows. */
  ended(): void;
  /** Called with every change of the state. */
  changed(state: SubscriptionState): void;
}

/** What all subscriptions came to. */
export interface ISubscriptionCounts extends IMessageCounts {
  /** Connections that were made. */
  connections: number;
}

/** Nothing yet. */
export function noCounts(): ISubscriptionCounts {
  return { connections: 0, read: 0, bytes: 0, skipped: 0, unsigned: 0, malformed: 0 };
}

export interface IKernelSubscriptionOptions {
  /** The kernel's connection file. */
  readonly path: string;
  readonly clock: IClock;
  /** Longer messages are skipped. */
  readonly messageBytes: number;
  readonly events: ISubscriptionEvents;
  readonly counts: ISubscriptionCounts;
}

/**
 * Listens to what a kernel publishes, for as long as its connection file is there: through restarts, which keep the
 * file, until the kernel is shut down, which removes it. The kernel and its server notice nothing: no request is made,
 * no activity counted, and what the server keeps for a page that is away is left alone.
 */
export class KernelSubscription implements IDisposable {
  constructor(private readonly options: IKernelSubscriptionOptions) {
    this.watch = watchFile(options.path, () => this.look());
    this.attempt();
  }

  dispose(): void {
    this.isOver = true;
    this.watch.dispose();
    this.timer?.dispose();
    this.subscriber?.dispose();
  }

  /** Something happened to the file: if it is gone, so is the kernel; if it is there, it may have changed. */
  private look(): void {
    if (this.isReading) {
      this.lookAgain = true;
    } else if (!this.isOver) {
      this.tries = 0;
      this.attempt();
    }
  }

  /** Reads the file and, unless there is a connection, makes one. */
  private attempt(): void {
    this.timer?.dispose();
    this.timer = null;
    this.isReading = true;
    void this.read().then(found => {
      this.isReading = false;
      if (this.isOver) {
        return;
      }
      if (found === null) {
        this.miss();
        return;
      }
      this.missedAtMs = null;
      if (this.subscriber === null) {
        this.tries += 1;
        if ('trouble' in found) {
          this.wait(found.trouble, found.text);
        } else {
          this.connect(found);
        }
      }
      if (this.lookAgain) {
        this.lookAgain = false;
        this.look();
      }
    });
  }

  /** The file is not there. */
  private miss(): void {
    const nowMs = this.options.clock.monotonicMs();
    this.missedAtMs ??= nowMs;
    if (nowMs - this.missedAtMs >= GONE_MS) {
      this.end();
    } else {
      this.timer = this.options.clock.after(GONE_MS, () => this.attempt());
    }
  }

  /** What the file says; null = it is gone. */
  private async read(): Promise<
    IKernelAddress | { readonly trouble: SubscriptionTrouble; readonly text: string } | null
  > {
    try {
      return await readConnectionFile(this.options.path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
        return null;
      }
      const trouble =
        error instanceof ConnectionFileError
          ? error.reason
          : error instanceof NotOursError || codeOf(error) === 'ELOOP'
            ? 'not-ours'
            : 'unreadable';
      return { trouble, text: reasonOf(error) };
    }
  }

  private connect({ at, key }: IKernelAddress): void {
    const { clock, events, messageBytes } = this.options;
    let isReady = false;
    this.subscriber = new ZmtpSubscriber({
      at,
      clock,
      messages: new MessageReader({
        key,
        limitBytes: messageBytes,
        counts: this.options.counts,
        message: message => events.message(message),
        skipped: message => events.skipped(message)
      }),
      ready: () => {
        isReady = true;
        this.tries = 0;
        this.options.counts.connections += 1;
        this.become({ is: 'subscribed' });
      },
      closed: refusal => {
        this.subscriber = null;
        if (isReady) {
          events.lost();
        }
        if (!this.isOver) {
          this.wait(refusal?.reason ?? (isReady ? null : 'unreachable'), refusal?.text ?? '');
        }
      }
    });
  }

  private wait(trouble: SubscriptionTrouble | null, text: string): void {
    this.become({ is: 'connecting', trouble, text });
    if (this.timer || this.isReading) {
      return;
    }
    const delayMs = this.tries < HURRIED_TRIES ? RETRY_MS : SLOW_RETRY_MS;
    this.timer = this.options.clock.after(delayMs, () => this.attempt());
  }

  private end(): void {
    const wasSubscribed = this.subscriber !== null;
    this.dispose();
    if (wasSubscribed) {
      this.options.events.lost();
    }
    this.options.events.ended();
    this.become({ is: 'over' });
  }

  private become(state: SubscriptionState): void {
    this.options.events.changed(state);
  }

  private readonly watch: IDisposable;
  private timer: IDisposable | null = null;
  private subscriber: ZmtpSubscriber | null = null;
  private tries = 0;
  private isReading = false;
  private lookAgain = false;
  /** Since when the file is not there; null = it is. */
  private missedAtMs: number | null = null;
  private isOver = false;
}
