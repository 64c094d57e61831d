import { LEFT_ALONE_AFTER, retryDelayMs } from '@labkeeper/core';
import type { IClock, IDisposable } from '../../clock.js';
import { reasonOf } from '../../failure.js';

/**
 * Asks a service again and again. One that does not answer is tried a few times and then left alone for minutes, with
 * one sentence in the log: most containers are kept from the metadata service, as they should be.
 */
export class PatientLoop implements IDisposable {
  constructor(
    private readonly options: {
      readonly clock: IClock;
      /** The service, the subject of a sentence. */
      readonly who: string;
      readonly trouble: (sentence: string) => void;
      /** Asks once and gives the time until the next question in ms; rejects when there is no good answer. */
      readonly ask: () => Promise<number>;
    }
  ) {
    void this.turn();
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
  }

  private async turn(): Promise<void> {
    let delayMs: number;
    try {
      delayMs = await this.options.ask();
      this.failures = 0;
      this.answered = true;
    } catch (error) {
      delayMs = retryDelayMs(++this.failures, this.answered);
      this.tell(error);
    }
    if (!this.disposed) {
      this.timer = this.options.clock.after(delayMs, () => void this.turn());
    }
  }

  private tell(error: unknown): void {
    const { who, trouble } = this.options;
    if (this.failures === LEFT_ALONE_AFTER && !this.told && !this.disposed) {
      this.told = true;
      trouble(
        `${who} ${reasonOf(error)}. It is left alone and asked again every few minutes; other notices of a reclaim ` +
          'do not depend on it.'
      );
    }
  }

  private failures = 0;
  private answered = false;
  private told = false;
  private disposed = false;
  private timer: IDisposable | null = null;
}
