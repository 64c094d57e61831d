import type { IDisposable } from '../../src/clock.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';

/**
 * A clock that tells the pauses between questions from the bounds on a question under way, by who set the timer: only
 * when every loop pauses, all answers have been dealt with.
 */
export class LoopClock extends FakeClock {
  override after(delayMs: number, callback: () => void): IDisposable {
    // The first line is the message, the second this function.
    const caller = (new Error().stack ?? '').split('\n')[2] ?? '';
    if (!caller.includes('patient-loop')) {
      return super.after(delayMs, callback);
    }
    this.pauses++;
    let over = false;
    const end = (): void => {
      this.pauses -= over ? 0 : 1;
      over = true;
    };
    const timer = super.after(delayMs, () => {
      end();
      callback();
    });
    return {
      dispose: () => {
        end();
        timer.dispose();
      }
    };
  }

  /** Waits until so many loops pause. */
  async pausing(loops = 1): Promise<void> {
    await until(() => this.pauses === loops);
  }

  /** Lets so much time pass while all loops pause, and waits until they do so again. */
  async pass(ms: number, loops = 1): Promise<void> {
    await this.pausing(loops);
    this.advance(ms);
    await this.pausing(loops);
  }

  private pauses = 0;
}
