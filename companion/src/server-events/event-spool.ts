import type { FileHandle } from 'node:fs/promises';
import type { KeptEvent, KeptEventsHead } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';
import { eventsName, findEarlierEvents, newest, oldest, type IEarlierRun } from './earlier-events.js';
import type { EventQueue } from './event-queue.js';

/** So seldom something is written, ms: what the hub took meanwhile is never written at all. */
const WRITE_MS = 60_000;
/** Greatest file; then those that still wait go into a new one. */
const FILE_BYTES = 256 * 1024;
/** Of all earlier runs together; the newest are kept. */
const EARLIER_BYTES = 1024 * 1024;

export interface IEventSpoolOptions {
  readonly folder: HubFolder;
  readonly queue: EventQueue;
  readonly boot: string;
  readonly image: string | null;
  /** Names the server process. */
  readonly serverId: string;
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
  constructor(private readonly options: IEventSpoolOptions) {}

  /** Finds what earlier runs left and puts it into the queue. Never resolves, where the home hangs. */
  async start(): Promise<void> {
    try {
      const { folder, clock } = this.options;
      await folder.prune(clock.wallMs());
      this.restore(await findEarlierEvents(this.options));
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
        if (this.file !== null || this.earlier.size > 0 || this.options.queue.unsent.length > 0) {
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
    await this.file?.close();
    this.file = null;
  }

  dispose(): void {
    this.disposed = true;
    this.timer?.dispose();
    this.timer = null;
  }

  private async settle(): Promise<void> {
    const { folder, queue } = this.options;
    // What found no room in memory is in the file still, as long as that is not made anew.
    if (this.bytes > FILE_BYTES || (this.disposed && this.file === null)) {
      queue.tellDropped();
    }
    if (queue.unsent.length === 0) {
      await this.removeOwn();
    } else if (this.file === null || this.bytes > FILE_BYTES) {
      await this.begin(queue.unsent);
    } else {
      await this.append(
        this.file,
        queue.unsent.filter(({ seq }) => seq > this.writtenSeq)
      );
    }
    for (const [boot, names] of this.earlier) {
      if (!queue.holds(boot)) {
        this.earlier.delete(boot);
        for (const name of names) {
          await folder.remove(name);
        }
      }
    }
  }

  private async append(file: FileHandle, events: readonly KeptEvent[]): Promise<void> {
    if (events.length === 0) {
      return;
    }
    const text = linesOf(events);
    try {
      await file.appendFile(text);
    } catch (error) {
      // A part may be there: the next time everything goes into a new file.
      this.bytes = Infinity;
      throw error;
    }
    this.bytes += Buffer.byteLength(text);
    this.writtenSeq = events.at(-1)?.seq ?? this.writtenSeq;
  }

  /** Begins a new file; the one before it is removed when the new one holds everything. */
  private async begin(events: readonly KeptEvent[]): Promise<void> {
    const { folder, boot, image, serverId } = this.options;
    this.files += 1;
    const name = eventsName(boot, this.files);
    const head: KeptEventsHead = { labkeeperEvents: 1, place: folder.place, boot, serverId, image };
    const text = `${JSON.stringify(head)}\n${linesOf(events)}`;
    const file = await folder.create(name);
    try {
      await file.appendFile(text);
    } catch (error) {
      await file.close();
      await folder.remove(name);
      throw error;
    }
    await this.removeOwn();
    [this.file, this.name, this.bytes] = [file, name, Buffer.byteLength(text)];
    this.writtenSeq = events.at(-1)?.seq ?? this.writtenSeq;
  }

  private async removeOwn(): Promise<void> {
    const { file, name } = this;
    if (file !== null && name !== null) {
      [this.file, this.name, this.bytes] = [null, null, 0];
      await file.close();
      await this.options.folder.remove(name);
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

  /** Files of earlier runs whose events wait. */
  private readonly earlier = new Map<string, readonly string[]>();
  private file: FileHandle | null = null;
  private name: string | null = null;
  private files = 0;
  private bytes = 0;
  /** Number of the last event that is in a file. */
  private writtenSeq = 0;
  private writing: Promise<void> = Promise.resolve();
  private timer: IDisposable | null = null;
  private disposed = false;
  private isClosed = false;
  private told = false;
}

function linesOf(events: readonly KeptEvent[]): string {
  return events.map(event => `${JSON.stringify(event)}\n`).join('');
}
