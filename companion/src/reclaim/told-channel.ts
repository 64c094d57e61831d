import type { IReclaimStatement } from '@labkeeper/core';
import type { IDisposable } from '../clock.js';
import type { IChannelReport, IReclaimChannel } from './channel.js';

/** A channel that does not listen itself: another part of the companion tells it. */
export class ToldChannel implements IReclaimChannel {
  constructor(readonly name: string) {}

  start(report: IChannelReport): IDisposable {
    this.report = report;
    if (this.last.length > 0) {
      report.says(this.last);
    }
    return { dispose: () => (this.report = null) };
  }

  /** All that holds now, whole. What is told before the start is said at the start. */
  says(statements: readonly IReclaimStatement[]): void {
    this.last = statements;
    this.report?.says(statements);
  }

  protected last: readonly IReclaimStatement[] = [];
  private report: IChannelReport | null = null;
}
