import {
  auditRecords,
  auditWanted,
  encode,
  type AuditRecords,
  type AuditState,
  type Receiver
} from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';

/** What comes within so short a time is told at once, ms. */
const LINGER_MS = 250;

/** What pages can learn of the audited log. */
export interface IAuditSource {
  state(): Omit<AuditState, 'connectedSinceMs'> & { readonly connected: boolean };
  readonly own: { wanted: boolean; readonly current: AuditRecords | null; news(): void };
}

/** Hands a message to one page: the newest of each id. */
export type KeepForPage = (id: string, text: () => string) => void;

/** What pages are told of the audited log: how it stands, and the records of this server while a page shows them. */
export class AuditDesk implements IDisposable {
  constructor(
    private readonly options: {
      readonly clock: IClock;
      /** null = nothing is recorded. */
      readonly source: IAuditSource | null;
      /** Pages are to be told how the log stands. */
      readonly stateChanged: () => void;
    }
  ) {}

  /** How the log stands. */
  get state(): AuditState {
    const { source, clock } = this.options;
    if (source === null) {
      return { mode: 'off', problem: null, waiting: 0, receipt: null, connectedSinceMs: null };
    }
    const { connected, ...state } = source.state();
    this.connectedSinceMs = connected ? (this.connectedSinceMs ?? Math.round(clock.wallMs())) : null;
    return { ...state, connectedSinceMs: this.connectedSinceMs };
  }

  /** Something was recorded, acknowledged or refused. */
  changed(): void {
    if (this.timer !== null || this.isDisposed) {
      return;
    }
    this.timer = this.options.clock.after(LINGER_MS, () => {
      this.timer = null;
      const state = JSON.stringify(this.state);
      if (state !== this.told) {
        this.told = state;
        this.options.stateChanged();
        this.options.source?.own.news();
      }
    });
  }

  /** Pages are told nothing more. */
  dispose(): void {
    this.isDisposed = true;
    this.timer?.dispose();
  }

  /** The list of records has changed. */
  listed(records: AuditRecords): void {
    let text: string | null = null;
    this.pages.forEach(keep => keep(RECORDS, () => (text ??= encode(auditRecords, records))));
  }

  /** Takes what a page says. @returns to be called when the page is gone. */
  join(receiver: Receiver, keep: KeepForPage): () => void {
    receiver.on(auditWanted, ({ wanted }) => this.want(keep, wanted));
    return () => this.want(keep, false);
  }

  private want(keep: KeepForPage, isWanted: boolean): void {
    const own = this.options.source?.own;
    if (!own || isWanted === this.pages.has(keep)) {
      return;
    }
    if (!isWanted) {
      this.pages.delete(keep);
      own.wanted = this.pages.size > 0;
      return;
    }
    this.pages.add(keep);
    const { current } = own;
    if (current !== null) {
      // What another page was shown; what is new follows.
      keep(RECORDS, () => encode(auditRecords, current));
    }
    own.wanted = true;
  }

  private readonly pages = new Set<KeepForPage>();
  private timer: IDisposable | null = null;
  private isDisposed = false;
  private told = '';
  private connectedSinceMs: number | null = null;
}

const RECORDS = 'audit-records';
