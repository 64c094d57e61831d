import type { IClock, IDisposable } from '../clock.js';
import { codeOf } from '../failure.js';
import type { IJournalDisk } from './journal-disk.js';
import type { SegmentLog } from './segment-log.js';

/** A journal that holds unsaved work shows a sign of life this often. */
export const TOUCH_MS = 10_000;
/** And one that does not. */
export const IDLE_TOUCH_MS = 60_000;

export interface ILifeSignsOptions {
  readonly disk: IJournalDisk;
  readonly segments: SegmentLog;
  readonly clock: IClock;
  readonly isUnsaved: () => boolean;
  /** Whether the disk can be asked now: it does not hang, and nothing is being removed. */
  readonly isQuiet: () => boolean;
  /** After each look. */
  readonly looked: () => void;
  /** Somebody removed segments, with records of these runs; null = with what is on its way, of whatever run. */
  readonly vanished: (owners: ReadonlySet<number> | null) => void;
}

/**
 * Touches the segment that is written, so that a companion in another container sees that this one lives, and looks
 * whether all segments are still there.
 */
export class LifeSigns implements IDisposable {
  constructor(private readonly options: ILifeSignsOptions) {}

  start(): void {
    this.plan();
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = null;
    this.isDisposed = true;
  }

  private plan(): void {
    const { clock, isUnsaved } = this.options;
    let waitedMs = 0;
    const step = (): void => {
      waitedMs += TOUCH_MS;
      if (isUnsaved() || waitedMs >= IDLE_TOUCH_MS) {
        void this.show();
      } else {
        this.timer = clock.after(TOUCH_MS, step);
      }
    };
    this.timer = this.isDisposed ? null : clock.after(TOUCH_MS, step);
  }

  private async show(): Promise<void> {
    const { segments, clock, isQuiet } = this.options;
    try {
      if (isQuiet()) {
        await segments.touch(clock.wallMs());
        await this.look();
      }
    } catch (error) {
      // The next write meets the same failure, and tells it.
      if (codeOf(error) === null) {
        throw error;
      }
    }
    this.options.looked();
    this.plan();
  }

  private async look(): Promise<void> {
    const { disk, segments, vanished } = this.options;
    // A copy: a segment that begins meanwhile is not among the names.
    const before = [...segments.segments];
    const there = new Set(await disk.names());
    const gone = before.filter(({ name }) => !there.has(name) && segments.has(name));
    if (gone.length === 0) {
      return;
    }
    const current = segments.currentName;
    const owners = new Set(gone.flatMap(({ liveBytes }) => [...liveBytes.keys()]));
    gone.forEach(({ name }) => segments.forget(name));
    if (gone.some(({ name }) => name === current)) {
      // What is on its way goes to a file that nobody will find.
      segments.renew();
      vanished(null);
    } else {
      vanished(owners);
    }
  }

  private timer: IDisposable | null = null;
  private isDisposed = false;
}
