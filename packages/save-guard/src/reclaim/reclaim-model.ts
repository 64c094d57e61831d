import { encode, trialAsked, type Reclaim } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import type { GuardManager } from '../guard-manager.js';
import { effectiveReclaim } from './effective-reclaim.js';
import { takeReceipt, type IReceipt } from './receipt.js';

/** The countdown is drawn this often. */
const STEP_MS = 250;

/**
 * What happens in the page when the end is near: everything goes to safety at once and again until the end, the seconds
 * are counted, and at the end of a trial, or when everything is safe, there is a receipt.
 */
export class ReclaimModel implements IDisposable {
  constructor(
    private readonly manager: GuardManager,
    private readonly clock: IClock
  ) {
    manager.reclaimed.connect(this.onReclaims, this);
  }

  /** The notice that counts; null = none. */
  get reclaim(): Reclaim | null {
    return this._reclaim;
  }

  /** Documents whose work is not safe yet. */
  get unsafe(): readonly string[] {
    return this.manager.guards.filter(guard => guard.isUnsafe).map(guard => guard.context.path);
  }

  /** Documents that are guarded. */
  get documents(): number {
    return this.manager.guards.length;
  }

  /** From the notice until everything was safe, in ms; null = not yet. */
  get safeAfterMs(): number | null {
    return this._safeAfterMs;
  }

  /** Time has passed, or something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A trial is over. */
  get trialEnded(): ISignal<this, IReceipt> {
    return this._trialEnded;
  }

  /** Begins a trial that ends in so many seconds; 0 ends the one that runs. @returns whether it could be asked for. */
  askTrial(companion: ICompanion, seconds: number): boolean {
    return companion.send(encode(trialAsked, { seconds }));
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this.timer?.dispose();
    this.manager.reclaimed.disconnect(this.onReclaims, this);
    Signal.clearData(this);
  }

  private onReclaims(_: unknown, reclaims: readonly Reclaim[]): void {
    const next = effectiveReclaim(reclaims);
    const isNew = next !== null && next.id !== this._reclaim?.id;
    this._reclaim = next;
    if (isNew) {
      this.noticedMs = this.clock.now();
      this._safeAfterMs = null;
      this.receiptGiven = false;
      void this.manager.saveAll();
    }
    this.step();
  }

  private step(): void {
    this.timer?.dispose();
    this.timer = null;
    const reclaim = this._reclaim;
    if (reclaim) {
      const nowMs = this.clock.now();
      if (this._safeAfterMs === null && this.unsafe.length === 0) {
        this._safeAfterMs = nowMs - this.noticedMs;
      } else if (this._safeAfterMs === null) {
        this.manager.flush();
      }
      if (reclaim.kind === 'trial' && reclaim.deadlineMs !== null && nowMs >= reclaim.deadlineMs) {
        this.endTrial(reclaim, nowMs);
      }
      this.timer = this.clock.after(STEP_MS, () => this.step());
    }
    this._changed.emit();
  }

  private endTrial(reclaim: Reclaim, nowMs: number): void {
    if (!this.receiptGiven) {
      this.receiptGiven = true;
      this._trialEnded.emit(takeReceipt(reclaim, this.manager.guards, nowMs, this._safeAfterMs));
    }
  }

  private _reclaim: Reclaim | null = null;
  private noticedMs = 0;
  private _safeAfterMs: number | null = null;
  private receiptGiven = false;
  private timer: IDisposable | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _trialEnded = new Signal<this, IReceipt>(this);
}
