import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { findEarlierEvents, newest, oldest, type IEarlierRun } from './earlier-events.js';
import type { EventQueue } from './event-queue.js';
import { EventsFile, type IEventsFileOptions } from './events-file.js';

/** So seldom something is written, ms: what the hub took meanwhile is never written at all. */
const WRITE_MS = 60_000;
/** Of all earlier runs together; the newest are kept. */
const EARLIER_BYTES = 1024 * 1024;

export interface IEventSpoolOptions extends IEventsFileOptions {
  readonly queue: EventQueue;
  /** Another run of this companion, whose file is none of an earlier one; null = there is none. */
  readonly countedBoot: string | null;
  /** Whether a server lives; null = it cannot be seen from here. */
  readonly serverLives: (serverId: string) => boolean | null;
  readonly clock: IClock;
  readonly log: Log;
}

/**
 * Keeps events on the home volume that the hub does not have yet, so that they outlive this companion. At most one write in
 * a minute, and none while the hub takes what comes. Without fsync: what is appended outlives a process that is killed, and
 * events are counts that are deleted after some weeks; the few that a cut of the power takes are not worth a wait for the
 * disk in every container. Records of installs are another matter, see `Spool`.
 */
export class EventSpool implements IDisposable {
  constructor(private readonly options: IEventSpoolOptions) {
    this.own = new EventsFile(options);
  }

  /** Finds what earlier runs left and puts it into the queue. Never resolves, where the home hangs. */
  async start(): Promise<void> {
    try {
      const { folder, clock, boot, countedBoot } = this.options;
      await folder.prune(clock.wallMs());
      const boots = countedBoot === null ? [boot] : [boot, countedBoot];
      this.restore(await findEarlierEvents({ ...this.options, boots }));
    } catch (error) {
      this.complain(error);
    }
  }

  /** Something is in the queue, or no longer is. */
  noted(): void {
    if (!this.disposed) {
      this.timer ??= this.options.clock.after(WRITE_MS, () => {
        this.timer = null;
        void this.write();
      });
    }
  }

  /** Writes what is not written, and removes what is sent. */
  write(): Promise<void> {
    if (this.isClosed) {
      return this.writing;
    }
    this.writing = this.writing
      .then(() => this.settle())
      .catch((error: unknown) => this.complain(error))
      .then(() => {
        if (this.own.isThere || this.earlier.size > 0 || this.options.queue.unsent.length > 0) {
          this.noted();
        }
      });
    return this.writing;
  }

  /** What waits is on the disk, or cannot be, when this resolves. */
  async close(): Promise<void> {
    this.dispose();
    const written = this.write();
    this.isClosed = true;
    await written;
    await this.own.close();
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
    this.timer = null;
  }

  private async settle(): Promise<void> {
    const { folder, queue } = this.options;
    // What found no room in memory is in the file still, as long as that is not made anew.
    if (this.own.isFull || (this.disposed && !this.own.isOpen)) {
      queue.tellDropped();
    }
    await this.own.hold(queue.unsent);
    for (const [boot, names] of this.earlier) {
      if (!queue.holds(boot)) {
        for (const name of names) {
          await folder.remove(name);
        }
        this.earlier.delete(boot);
      }
    }
  }

  /** At once: what is not in the queue counts as sent. */
  private restore(runs: readonly IEarlierRun[]): void {
    const { queue } = this.options;
    let bytes = 0;
    const newestFirst = [...runs].sort((a, b) => newest(b.events) - newest(a.events));
    const kept = newestFirst.filter(run => (bytes += run.bytes) <= EARLIER_BYTES).reverse();
    for (const run of runs) {
      this.earlier.set(run.boot, run.names);
      if (run.damaged > 0) {
        this.lose(run.boot, 'damaged', run.damaged === Infinity ? null : run.damaged, null);
      }
      if (run.old.length > 0) {
        this.lose(run.boot, 'old', run.old.length, oldest(run.old));
      }
      if (!kept.includes(run)) {
        this.lose(run.boot, 'full', run.events.length, oldest(run.events));
      }
    }
    kept.forEach(run => queue.restore(run));
    if (runs.length > 0) {
      this.noted();
    }
  }

  private lose(
    boot: string,
    why: 'full' | 'old' | 'damaged',
    count: number | null,
    sinceMs: number | null
  ): void {
    this.options.queue.lost(`${boot} ${why}`, { why, count, sinceMs });
  }

  private complain(error: unknown): void {
    if (!this.told) {
      this.told = true;
      this.options.log(`Events that wait for the hub cannot be kept for the next start: ${reasonOf(error)}`);
    }
  }

  private readonly own: EventsFile;
  /** Files of earlier runs whose events wait. */
  private readonly earlier = new Map<string, readonly string[]>();
  private writing: Promise<void> = Promise.resolve();
  private timer: IDisposable | null = null;
  private disposed = false;
  private isClosed = false;
  private told = false;
}
