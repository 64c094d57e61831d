import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { KeptEvent, KeptEventsHead, ServerEvent } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';
import { eventsName } from './earlier-events.js';

/** So much is lost where the companion is killed, ms. */
const WRITE_MS = 60_000;

export interface ITallyNoteOptions {
  readonly folder: HubFolder;
  readonly image: string | null;
  /** Names the server process. */
  readonly serverId: string;
  readonly clock: IClock;
  readonly log: Log;
  /** What is counted and not told yet; the same ids until it is told. */
  readonly counted: () => readonly ServerEvent[];
}

/**
 * Keeps what is counted on the home volume until it is told, in case this companion is killed: the next one finds it as the
 * events of a run of their own. A minute with news costs one write at the end of an open file, without fsync; a later line
 * stands for the earlier ones of its number.
 */
export class TallyNote implements IDisposable {
  constructor(private readonly options: ITallyNoteOptions) {}

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
    return this.next(() => this.append());
  }

  /** What was counted has been told, and need not be kept. */
  told(): Promise<void> {
    return this.next(() => this.remove());
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

  private async append(): Promise<void> {
    const lines = this.options.counted().flatMap(event => this.lineOf(event));
    if (lines.length === 0) {
      return;
    }
    try {
      const file = this.file ?? (await this.begin());
      await file.appendFile(lines.join(''));
    } catch (error) {
      // A part may be there: the next time everything goes into a new file.
      await this.remove();
      throw error;
    }
  }

  /** @returns none where nothing has changed but the time. */
  private lineOf(event: ServerEvent): readonly string[] {
    const text = JSON.stringify({ ...event, atMs: 0 });
    const known = this.written.get(event.id);
    if (known?.text === text) {
      return [];
    }
    const kept: KeptEvent = { seq: known?.seq ?? this.written.size + 1, event };
    this.written.set(event.id, { seq: kept.seq, text });
    return [`${JSON.stringify(kept)}\n`];
  }

  private async begin(): Promise<FileHandle> {
    const { folder, serverId, image } = this.options;
    // Not this companion's own boot: those events have their numbers from the queue.
    const boot = randomUUID();
    const name = eventsName(boot, 1);
    const file = await folder.create(name);
    [this.file, this.name] = [file, name];
    const head: KeptEventsHead = { labkeeperEvents: 1, place: folder.place, boot, serverId, image };
    await file.appendFile(`${JSON.stringify(head)}\n`);
    return file;
  }

  private async remove(): Promise<void> {
    const { file, name } = this;
    [this.file, this.name] = [null, null];
    this.written.clear();
    await file?.close();
    if (name !== null) {
      await this.options.folder.remove(name);
    }
  }

  private file: FileHandle | null = null;
  private name: string | null = null;
  /** What the file says of each event. */
  private readonly written = new Map<string, { readonly seq: number; readonly text: string }>();
  private writing: Promise<void> = Promise.resolve();
  private timer: IDisposable | null = null;
  private disposed = false;
  private hasComplained = false;
}
