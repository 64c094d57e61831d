import { PULSE_MS } from '@labkeeper/core';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

const WORKER = `setInterval(() => postMessage(0), ${PULSE_MS});`;

/**
 * A signal once a second that a hidden tab does not slow down: the timer runs in a worker, whose timers browsers leave
 * alone while those of a hidden page fall to one a minute. It beats only while somebody needs it.
 */
export class PagePulse implements IDisposable {
  get beat(): ISignal<this, void> {
    return this._beat;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether it beats. */
  set needed(needed: boolean) {
    if (needed && !this.stop && !this._isDisposed) {
      this.stop = this.start();
    } else if (!needed) {
      this.stop?.();
      this.stop = null;
    }
  }

  /** Something else says that time has passed: a frozen page's workers stop, its socket's messages do not. */
  nudge(): void {
    this._beat.emit();
  }

  dispose(): void {
    this.needed = false;
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private start(): () => void {
    const url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
    let timer: ReturnType<typeof setInterval> | null = null;
    // Where a policy of the page forbids such workers: slower while hidden, but the companion's ticks help.
    const ownTimer = (): void => {
      timer ??= setInterval(() => this._beat.emit(), PULSE_MS);
    };
    let worker: Worker | null = null;
    try {
      worker = new Worker(url);
      worker.onmessage = () => this._beat.emit();
      // Browsers say so later.
      worker.onerror = ownTimer;
    } catch {
      // Or at once.
      ownTimer();
    }
    return () => {
      worker?.terminate();
      URL.revokeObjectURL(url);
      clearInterval(timer ?? undefined);
    };
  }

  private stop: (() => void) | null = null;
  private _isDisposed = false;
  private readonly _beat = new Signal<this, void>(this);
}
