import { ErrorCounts, eventId, KernelTally, SaveSummary, type Sha256OfText } from '@labkeeper/core';
import type { ServerEvent } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';

export interface ITalliesOptions {
  readonly clock: IClock;
  /** The companion's run. */
  readonly boot: string;
  readonly sha256: Sha256OfText;
  /** Records of installs that the hub does not have. */
  readonly unsentRecords: () => number;
}

/** What is counted on this server from one tally to the next: kernels, saves and errors. */
export class Tallies {
  constructor(private readonly options: ITalliesOptions) {}

  readonly kernels = new KernelTally();
  readonly saves = new SaveSummary();
  readonly errors = new ErrorCounts();

  /** What is counted so far. Until `begin` an event has the same id each time, so that a later one stands for it. */
  look(): readonly ServerEvent[] {
    const { clock, unsentRecords } = this.options;
    const atMs = Math.max(0, Math.floor(clock.wallMs()));
    const events: ServerEvent[] = [];
    const saves = this.saves.look();
    if (saves) {
      events.push({ kind: 'saves', id: this.id('saves'), atMs, ...saves });
    }
    for (const { error, count } of this.errors.look()) {
      const id = this.id(`errors ${error.class} ${error.module ?? ''}`);
      events.push({ kind: 'errors', id, atMs, ...error, count });
    }
    const kernels = { ...this.kernels.look(clock.monotonicMs()), unsentRecords: unsentRecords() };
    if (Object.values(kernels).some(count => count > 0)) {
      events.push({ kind: 'kernels', id: this.id('kernels'), atMs, ...kernels });
    }
    return events;
  }

  /** Counts anew from here on. */
  begin(): void {
    this.periods += 1;
    [this.kernels, this.saves, this.errors].forEach(each => each.begin());
  }

  private id(what: string): string {
    return eventId(this.options.sha256, `${this.options.boot} tally ${this.periods} ${what}`);
  }

  private periods = 0;
}
