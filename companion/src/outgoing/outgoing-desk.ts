import { encode, outgoingKnown, outgoingWanted, type Receiver } from '@labkeeper/protocol';
import type { KeepForPage } from '../audit/audit-desk.js';
import type { IClock, IDisposable } from '../clock.js';
import { OutgoingLedger } from './outgoing-ledger.js';

/** What is sent within so short a time is told at once, ms. */
const LINGER_MS = 500;

/** Tells pages what leaves this container, while they show it. */
export class OutgoingDesk implements IDisposable {
  /** @param serviceUrl - where everything goes; null = nothing is sent. */
  constructor(
    private readonly clock: IClock,
    private readonly serviceUrl: URL | null
  ) {
    this.sinceMs = Math.round(clock.wallMs());
    this.ledger = new OutgoingLedger(
      () => clock.wallMs(),
      () => this.changed()
    );
  }

  /** Where every client of the hub service notes what it sends. */
  readonly ledger: OutgoingLedger;

  /** Takes what a page says. @returns to be called when the page is gone. */
  join(receiver: Receiver, keep: KeepForPage): () => void {
    receiver.on(outgoingWanted, ({ wanted }) => {
      if (!wanted) {
        this.pages.delete(keep);
      } else if (!this.pages.has(keep)) {
        this.pages.add(keep);
        keep(KNOWN, () => this.encoded());
      }
    });
    return () => void this.pages.delete(keep);
  }

  dispose(): void {
    this.isDisposed = true;
    this.timer?.dispose();
  }

  private changed(): void {
    if (this.pages.size === 0 || this.timer !== null || this.isDisposed) {
      return;
    }
    this.timer = this.clock.after(LINGER_MS, () => {
      this.timer = null;
      let text: string | null = null;
      this.pages.forEach(keep => keep(KNOWN, () => (text ??= this.encoded())));
    });
  }

  private encoded(): string {
    return encode(outgoingKnown, {
      host: this.serviceUrl?.host ?? null,
      sinceMs: this.sinceMs,
      classes: this.ledger.rows
    });
  }

  private readonly pages = new Set<KeepForPage>();
  private readonly sinceMs: number;
  private timer: IDisposable | null = null;
  private isDisposed = false;
}

const KNOWN = 'outgoing-known';
