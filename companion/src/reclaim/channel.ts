import type { IReclaimStatement } from '@labkeeper/core';
import type { IDisposable } from '../clock.js';

/** Where a channel tells what it hears. */
export interface IChannelReport {
  /** All that holds now, whole: what was said before and is missing here is withdrawn. To be repeated while it holds. */
  says(statements: readonly IReclaimStatement[]): void;
  /** Something is wrong with the channel, or it heard nonsense: a sentence for the log, which drops repetitions. */
  trouble(sentence: string): void;
}

/** One way in which a server hears that its end is near. */
export interface IReclaimChannel {
  readonly name: string;
  /** Begins to listen; disposing of what it gives ends that. A channel is started once. */
  start(report: IChannelReport): IDisposable;
}
