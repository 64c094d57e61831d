import type { KeptEvent, ServerEvent } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { EventQueue } from './event-queue.js';
import { EventsFile, type IEventsFileOptions } from './events-file.js';

/** So much is lost where the companion is killed, ms. */
const WRITE_MS = 60_000;

export interface ITallyNoteOptions extends IEventsFileOptions {
  /** Names the run of what is counted: its numbers are given here, long before the queue gets the events. */
  readonly boot: string;
  readonly queue: EventQueue;
  readonly clock: IClock;
  readonly log: Log;
  /** What is counted and not told yet; the same ids until it is told. */
  readonly counted: () => readonly ServerEvent[];
}

/**
 * Keeps what is counted on the home volume until the hub has it, in case this companion is killed. A minute with news costs
 * one write at the end of an open file, without fsync.
 *
 * The hub adds up what comes under new numbers, so each count has its number from its first line in the file to the event
 * that is sent: whoever sends it, this companion or one that found the file, and however often, it is added once. A companion of
 * another container that takes the file meanwhile sends what was counted until then, and the rest of that count is not added.
 */
export class TallyNote implements IDisposable {
  constructor(private readonly options: ITallyNoteOptions) {
    this.file = new EventsFile(options);
  }

  start(): void {
    if (this.disposed) {
      return;
    }
    this.timer = this.options.clock.after(WRITE_MS, () => {
      void this.write();
      this.start();
    });
  }

  /** Writes what has changed. */
  write(): Promise<void> {
    return this.next(() => this.hold(this.options.counted()));
  }

  /** These counts are whole: they are to be sent, under the numbers that they have in the file. */
  sum(events: readonly ServerEvent[]): void {
    const { queue, boot, image } = this.options;
    queue.addCounted({ boot, image, events: events.map(event => this.numbered(event)) });
    this.numbers.clear();
  }

  /** Removes what the hub has, and begins nothing new. */
  settle(): Promise<void> {
    return this.next(() => this.hold(this.options.counted().filter(({ id }) => this.numbers.has(id))));
  }

  /** Nobody wants errors to be counted any more. */
  forgetErrors(): Promise<void> {
    return this.next(async () => {
      if (this.file.has('errors')) {
        await this.hold(this.options.counted(), true);
      }
    });
  }

  /** What the hub does not have is on the disk, or cannot be, when this resolves. */
  async close(): Promise<void> {
    this.dispose();
    await this.settle();
    await this.next(() => this.file.close());
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.writing = this.writing.then(step).catch((error: unknown) => {
      if (!this.hasComplained) {
        this.hasComplained = true;
        this.options.log(`What is counted for the hub cannot be kept for the next start: ${reasonOf(error)}`);
      }
    });
    return this.writing;
  }

  private hold(counted: readonly ServerEvent[], anew = false): Promise<void> {
    const { queue, boot } = this.options;
    const waiting = [...queue.unsentOf(boot), ...counted.map(event => this.numbered(event))];
    return this.file.hold(waiting, anew);
  }

  /** @returns the same as before where nothing has changed but the time. */
  private numbered(event: ServerEvent): KeptEvent {
    const known = this.numbers.get(event.id);
    if (known && JSON.stringify({ ...event, atMs: 0 }) === JSON.stringify({ ...known.event, atMs: 0 })) {
      return known;
    }
    if (!known) {
      this.seq += 1;
    }
    const kept: KeptEvent = { seq: known?.seq ?? this.seq, event };
    this.numbers.set(event.id, kept);
    return kept;
  }

  private readonly file: EventsFile;
  /** Of what is counted now, by the events' ids. */
  private readonly numbers = new Map<string, KeptEvent>();
  private seq = 0;
  private writing: Promise<void> = Promise.resolve();
  private timer: IDisposable | null = null;
  private disposed = false;
  private hasComplained = false;
}
