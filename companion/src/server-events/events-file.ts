import type { FileHandle } from 'node:fs/promises';
import type { KeptEvent, KeptEventsHead } from '@labkeeper/protocol';
import type { HubFolder } from '../hub/hub-folder.js';
import { eventsName } from './earlier-events.js';

/** Greatest file; then what still waits goes into a new one. */
const FILE_BYTES = 256 * 1024;

export interface IEventsFileOptions {
  readonly folder: HubFolder;
  readonly boot: string;
  readonly image: string | null;
  /** Names the server process. */
  readonly serverId: string;
}

/**
 * The events of one run that wait, in a file on the home volume that is written at its end; a later line stands for the
 * earlier ones of its number. Whatever fails, what is there stays until a new file holds everything, and what could not be
 * removed is removed with the next call.
 */
export class EventsFile {
  constructor(private readonly options: IEventsFileOptions) {}

  /** Whether something of it is on the disk. */
  get isThere(): boolean {
    return this.names.size > 0;
  }

  get isOpen(): boolean {
    return this.file !== null;
  }

  /** The next events begin a new one. */
  get isFull(): boolean {
    return this.file !== null && this.bytes > FILE_BYTES;
  }

  /** Whether such an event was written. */
  has(kind: KeptEvent['event']['kind']): boolean {
    return [...this.written.values()].some(({ event }) => event.kind === kind);
  }

  /**
   * Writes what has changed, and removes the file where nothing waits.
   *
   * @param anew - what no longer waits must not be on the disk either.
   * @throws the system's error.
   */
  async hold(waiting: readonly KeptEvent[], anew = false): Promise<void> {
    if (waiting.length === 0) {
      this.name = null;
      this.written = new Map();
      await this.close();
    } else if (anew || this.file === null || this.isFull) {
      await this.begin(waiting);
    } else {
      await this.append(
        this.file,
        waiting.filter(kept => this.written.get(kept.seq) !== kept)
      );
    }
    for (const name of this.names) {
      if (name !== this.name) {
        await this.options.folder.remove(name);
        this.names.delete(name);
      }
    }
  }

  /** What is there stays. */
  async close(): Promise<void> {
    const { file } = this;
    [this.file, this.bytes] = [null, 0];
    await file?.close();
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
    events.forEach(kept => this.written.set(kept.seq, kept));
  }

  private async begin(events: readonly KeptEvent[]): Promise<void> {
    const { folder, boot, image, serverId } = this.options;
    const before = this.file;
    // Should this fail, the one before it gets no line more: what is in a later file stands for it.
    this.bytes = Infinity;
    this.files += 1;
    const name = eventsName(boot, this.files);
    const head: KeptEventsHead = { labkeeperEvents: 1, place: folder.place, boot, serverId, image };
    const text = `${JSON.stringify(head)}\n${linesOf(events)}`;
    const file = await folder.create(name);
    this.names.add(name);
    try {
      await file.appendFile(text);
    } catch (error) {
      await file.close();
      await folder.remove(name);
      this.names.delete(name);
      throw error;
    }
    [this.file, this.name, this.bytes] = [file, name, Buffer.byteLength(text)];
    this.written = new Map(events.map(kept => [kept.seq, kept]));
    await before?.close();
  }

  private file: FileHandle | null = null;
  private name: string | null = null;
  /** Files that are there, or may be. */
  private readonly names = new Set<string>();
  private files = 0;
  private bytes = 0;
  /** What the file says, by number. */
  private written = new Map<number, KeptEvent>();
}

function linesOf(events: readonly KeptEvent[]): string {
  return events.map(event => `${JSON.stringify(event)}\n`).join('');
}
