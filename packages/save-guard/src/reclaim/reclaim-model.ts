import { effectiveReclaim } from '@labkeeper/core';
import type { IClock, ICompanion } from '@labkeeper/labkit';
import {
  documentsStanding,
  encode,
  lossesKnown,
  receiptKnown,
  receiptRead,
  Receiver,
  trialAsked,
  type KernelLoss,
  type Receipt,
  type Reclaim
} from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { GuardManager } from '../guard-manager.js';
import { standings, takeReceipt } from './take-receipt.js';

/** The countdown is drawn this often. */
const STEP_MS = 250;
/** The companion hears this often how the documents stand, at most. */
const STANDING_MS = 1000;
/** So long after its end the outcome of a trial's checkpoint cells is known, too. */
const OUTCOME_MS = 1000;

/**
 * What happens in the page when the end is near: everything goes to safety at once and again until the end, the seconds
 * are counted, and at the end of a trial there is a receipt. Of a true end the companion keeps one, and is told how the
 * documents stand.
 */
export class ReclaimModel implements IDisposable {
  /** @param clock - of which `now` counts since the Unix epoch. */
  constructor(
    private readonly manager: GuardManager,
    private readonly companion: ICompanion,
    private readonly clock: IClock
  ) {
    manager.reclaimed.connect(this.onReclaims, this);
    this.listening = companion.listen(
      new Receiver()
        .on(lossesKnown, ({ kernels }) => {
          this._losses = kernels;
          this._changed.emit();
        })
        .on(receiptKnown, ({ receipt }) => {
          this._lastEnd = receipt;
          this._lastEndKnown.emit(receipt);
        })
    );
    this.onReclaims(manager, manager.reclaims);
  }

  /** The notice that counts; null = none. */
  get reclaim(): Reclaim | null {
    return this._reclaim;
  }

  /** What kernels hold that will be lost. */
  get losses(): readonly KernelLoss[] {
    return this._losses;
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

  /** The time by the server's clock, which deadlines are by. */
  get nowMs(): number {
    return this.clock.now() - this.companion.clockAheadMs;
  }

  /** What was safe and what was lost when the server before this one ended; null = it ended without a notice. */
  get lastEnd(): Receipt | null {
    return this._lastEnd;
  }

  /** Time has passed, or something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A trial is over. */
  get trialEnded(): ISignal<this, Receipt> {
    return this._trialEnded;
  }

  /** A notice that was shown is not true any more, and the server goes on. */
  get withdrawn(): ISignal<this, Reclaim> {
    return this._withdrawn;
  }

  /** The receipt of the last end came, or was read here or elsewhere. */
  get lastEndKnown(): ISignal<this, Receipt | null> {
    return this._lastEndKnown;
  }

  /**
   * Begins a trial that ends in so many seconds; 0 ends the one that runs.
   *
   * @param checkpoints - whether the user's checkpoint cells run, too.
   * @returns whether it could be asked for.
   */
  askTrial(seconds: number, checkpoints = false): boolean {
    return this.companion.send(encode(trialAsked, { seconds, checkpoints }));
  }

  /** The receipt of the last end was read, or is not wanted. */
  forgetLastEnd({ reclaim }: Receipt): void {
    this.companion.send(encode(receiptRead, { id: reclaim.id }));
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this.timer?.dispose();
    this.listening.dispose();
    this.manager.reclaimed.disconnect(this.onReclaims, this);
    Signal.clearData(this);
  }

  private onReclaims(_: unknown, reclaims: readonly Reclaim[]): void {
    const before = this._reclaim;
    const next = effectiveReclaim(reclaims);
    const isNew = next !== null && next.id !== before?.id;
    const boot = this.companion.info?.boot ?? null;
    // Another companion does not know the notice because the server of that notice has ended.
    const isSameServer = boot === this.boot;
    this._reclaim = next;
    this.boot = boot;
    if (isNew) {
      this.noticedMs = this.clock.now();
      this._safeAfterMs = null;
      this.trialReceipt = null;
      this.told = '';
      void this.manager.saveAll(false);
    }
    if (before && next === null && before.kind !== 'trial' && isSameServer) {
      this._withdrawn.emit(before);
    }
    this.step();
  }

  private step(): void {
    this.timer?.dispose();
    this.timer = null;
    const reclaim = this._reclaim;
    if (reclaim) {
      if (this._safeAfterMs === null && this.unsafe.length === 0) {
        this._safeAfterMs = this.clock.now() - this.noticedMs;
      } else if (this._safeAfterMs === null) {
        this.manager.flush();
      }
      if (reclaim.kind === 'trial') {
        this.lookAtTrial(reclaim);
      } else if (reclaim.kind !== 'cull') {
        // Before culling nothing is said: it would count as activity.
        this.tellStanding();
      }
      this.timer = this.clock.after(STEP_MS, () => this.step());
    }
    this._changed.emit();
  }

  /** What is safe at the deadline counts; it is told when the outcome of the checkpoint cells is known, too. */
  private lookAtTrial(reclaim: Reclaim): void {
    const { nowMs } = this;
    if (reclaim.deadlineMs === null || nowMs < reclaim.deadlineMs || this.trialReceipt === 'given') {
      return;
    }
    this.trialReceipt ??= takeReceipt({
      ...{ reclaim, nowMs, kernels: this._losses },
      guards: this.manager.guards,
      safeAfterMs: this._safeAfterMs
    });
    if (nowMs >= reclaim.deadlineMs + OUTCOME_MS) {
      const receipt = { ...this.trialReceipt, kernels: [...this._losses] };
      this.trialReceipt = 'given';
      this._trialEnded.emit(receipt);
    }
  }

  private tellStanding(): void {
    const nowMs = this.clock.now();
    const safeAfterMs = this._safeAfterMs === null ? null : Math.round(this._safeAfterMs);
    const frame = encode(documentsStanding, { documents: standings(this.manager.guards), safeAfterMs });
    if (frame !== this.told && nowMs - this.toldMs >= STANDING_MS && this.companion.send(frame)) {
      this.told = frame;
      this.toldMs = nowMs;
    }
  }

  private readonly listening: IDisposable;
  private _reclaim: Reclaim | null = null;
  /** Which start of the companion the notice is of. */
  private boot: string | null = null;
  private _losses: readonly KernelLoss[] = [];
  private _lastEnd: Receipt | null = null;
  private noticedMs = 0;
  private _safeAfterMs: number | null = null;
  private trialReceipt: Receipt | 'given' | null = null;
  /** What the companion was told last, and when. */
  private told = '';
  private toldMs = -Infinity;
  private timer: IDisposable | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _trialEnded = new Signal<this, Receipt>(this);
  private readonly _withdrawn = new Signal<this, Reclaim>(this);
  private readonly _lastEndKnown = new Signal<this, Receipt | null>(this);
}
