import type { SaveReason } from '@labkeeper/core';
import type { ICompanion } from '@labkeeper/labkit';
import type { JournalState, JournalTrouble } from '@labkeeper/protocol';

const REASONS: Readonly<Record<JournalTrouble, SaveReason>> = {
  'disk-full': 'disk-full',
  'journal-full': 'journal-full',
  'read-only': 'journal-read-only',
  slow: 'slow-home',
  none: 'companion-away',
  failed: 'companion-away'
};

/** What the companion says about its journal. */
export class JournalStatus {
  constructor(private readonly companion: ICompanion) {}

  /** The companion's last word; null = none since the connection was made. */
  state: JournalState | null = null;

  /** Whether records that are sent will become durable. */
  get works(): boolean {
    return this.companion.state === 'connected' && this.state !== null && this.state.trouble === null;
  }

  /** The longest that a record waits for the disk, in ms. */
  get boundMs(): number {
    return this.state?.boundMs ?? 0;
  }

  /** Why it does not work; null = it does. */
  get reason(): SaveReason | null {
    if (this.companion.state !== 'connected' || this.state === null) {
      return 'companion-away';
    }
    return this.state.trouble === null ? null : REASONS[this.state.trouble];
  }
}
