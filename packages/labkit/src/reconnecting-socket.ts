import type { IDisposable } from '@lumino/disposable';
import { backOffMs } from './back-off.js';
import type { IClock } from './clock.js';
import type { IPageVisibility } from './page-visibility.js';

/** The part of a browser's WebSocket that is used. */
export interface ISocket {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  /** Bytes that were handed to `send` and are not on their way yet. */
  readonly bufferedAmount: number;
  send(text: string): void;
  close(): void;
}

/** Close code of a companion that speaks another protocol. */
const CLOSE_PROTOCOL = 4409;
/** A connection that lived shorter than this counts as one more failure, so that a crash loop is met with patience. */
const STABLE_MS = 10_000;
/**
 * A visible page gets a sample every second, and a frame every 10 s where the meter is switched off: silence for this
 * long means that the connection is dead.
 */
export const SILENCE_MS = 20_000;

/** What the socket tells its owner. */
export interface IReconnectingSocketOptions {
  readonly open: () => ISocket;
  readonly clock: IClock;
  readonly visibility: IPageVisibility;
  readonly random: () => number;
  readonly opened: () => void;
  readonly received: (data: unknown) => void;
  /** The connection could not be made (`failed`), was lost, or the companion speaks another protocol. */
  readonly away: (why: 'failed' | 'lost' | 'mismatch') => void;
}

/**
 * A WebSocket that comes back by itself: with growing waits while the page is visible or the connection needed, and not
 * before somebody looks while it is hidden. It sends nothing by itself, because a hub takes every frame from the page for user activity.
 */
export class ReconnectingSocket implements IDisposable {
  constructor(private readonly options: IReconnectingSocketOptions) {
    options.visibility.changed.connect(this.onVisibility, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Connects now, without a wait, whatever went on before. */
  connect(): void {
    if (this._isDisposed) {
      return;
    }
    this.failures = 0;
    this.attempt();
  }

  /** Connects now if it is waiting to do so. */
  hurry(): void {
    if (this.isWaiting && this.isWanted) {
      this.attempt();
    }
  }

  /** Gives up until `connect` is called. */
  stop(): void {
    this.drop();
    this.rest();
  }

  /** Sends a frame. @returns whether there is a connection. */
  send(text: string): boolean {
    if (this.isOpen) {
      this.socket?.send(text);
    }
    return this.isOpen;
  }

  /** Bytes that wait to be sent. */
  get waitingBytes(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  /** Whether the connection is needed although nobody sees the page. */
  set needed(needed: boolean) {
    if (needed !== this.isNeeded) {
      this.isNeeded = needed;
      this.wanted();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this.stop();
    this._isDisposed = true;
    this.options.visibility.changed.disconnect(this.onVisibility, this);
  }

  private attempt(): void {
    this.drop();
    this.rest();
    let socket: ISocket;
    try {
      socket = this.options.open();
    } catch {
      // A URL the browser refuses. It is reported as any other failed attempt.
      this.fail('failed');
      return;
    }
    this.socket = socket;
    socket.onopen = () => {
      this.isOpen = true;
      this.openedAtMs = this.options.clock.now();
      this.heard();
      this.options.opened();
    };
    socket.onmessage = event => {
      this.heard();
      this.options.received(event.data);
    };
    socket.onclose = event => {
      const wasOpen = this.isOpen;
      this.drop();
      if (event.code === CLOSE_PROTOCOL) {
        // Trying again would not help, and each try counts as activity at a hub.
        this.rest();
        this.options.away('mismatch');
        return;
      }
      this.fail(wasOpen ? 'lost' : 'failed');
    };
  }

  private fail(why: 'failed' | 'lost'): void {
    const { clock, random } = this.options;
    if (why === 'lost' && clock.now() - this.openedAtMs >= STABLE_MS) {
      this.failures = 0;
    }
    this.failures += 1;
    this.isWaiting = true;
    this.timer?.dispose();
    this.timer = clock.after(backOffMs(this.failures, random()), () => {
      this.timer = null;
      this.hurry();
    });
    this.options.away(why);
  }

  /** Forgets the socket, whatever its state, without telling anyone. */
  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.isOpen = false;
    if (socket) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  private rest(): void {
    this.isWaiting = false;
    this.timer?.dispose();
    this.timer = null;
  }

  /** A frame came (or the page is looked at again): wait for the next. One timer, moved only when it fires. */
  private heard(): void {
    this.heardAtMs = this.options.clock.now();
    if (!this.timer && this.isWanted) {
      this.listen(SILENCE_MS);
    }
  }

  private listen(waitMs: number): void {
    this.timer = this.options.clock.after(waitMs, () => {
      this.timer = null;
      if (!this.isOpen || !this.isWanted) {
        return;
      }
      const silentMs = this.options.clock.now() - this.heardAtMs;
      if (silentMs < SILENCE_MS) {
        // A clock that stepped back would make the wait long, so it is bounded.
        this.listen(Math.min(SILENCE_MS, Math.max(1000, SILENCE_MS - silentMs)));
        return;
      }
      this.drop();
      this.fail('lost');
    });
  }

  private get isWanted(): boolean {
    return this.isNeeded || !this.options.visibility.hidden;
  }

  private onVisibility(): void {
    this.wanted();
  }

  private wanted(): void {
    if (!this.isWanted) {
      return;
    }
    if (this.isOpen) {
      this.heard();
    } else {
      this.hurry();
    }
  }

  private _isDisposed = false;
  private socket: ISocket | null = null;
  private isOpen = false;
  private isWaiting = false;
  private isNeeded = false;
  private failures = 0;
  private openedAtMs = 0;
  private heardAtMs = 0;
  private timer: IDisposable | null = null;
}
