import { randomUUID } from 'node:crypto';
import { gapEvent, streamEvent, unwatchedSinceMs, type IRecordEvent } from '@labkeeper/core';
import type { AuditGap } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { IAuditDisk } from './audit-disk.js';
import { EarlierStreams } from './earlier-streams.js';
import { LifeSign, readLives, type INotedLife } from './life-sign.js';
import { isSpoilt } from './spoilt.js';
import type { SpooledStream } from './spooled-stream.js';
import type { StreamLedger } from './stream-ledger.js';
import { StreamWriter } from './stream-writer.js';

/** What the spool may hold, in bytes: some twenty thousand records. */
export const SPOOL_BYTES = 32 * 1024 * 1024;
/** A record takes at most about so much, with its personal part, in bytes; only used to foresee the bound. */
const RECORD_BYTES = 2048;
/** A clock that goes by so much more or less than time itself was set, or the machine slept, in ms. */
const CLOCK_STEP_MS = 10_000;

/** What became of events. */
export type Recorded =
  /** They are on the disk. */
  | 'recorded'
  /** There is no room, and the stream says so. */
  | 'full'
  /** The disk does not take them. */
  | 'failed';

export interface ISpoolOptions {
  readonly disk: IAuditDisk;
  /** The name of this companion's stream, a UUID. */
  readonly boot: string;
  readonly serverId: string;
  readonly clock: IClock;
  readonly log: Log;
  /** Whether a server lives; null = it cannot be seen from here. */
  readonly serverLives: (serverId: string) => boolean | null;
  /** Something may be sent now. */
  readonly grew: () => void;
  /** A minute has passed. */
  readonly minute: () => void;
  readonly maxBytes?: number;
  /** Where it is noted which streams there were; absent = nowhere. */
  readonly ledger?: StreamLedger;
}

/**
 * The records on the home volume: this companion's own stream, and those that earlier ones left. Nothing is told as recorded
 * that is not on the disk, and whatever cannot be recorded leaves a gap that is a record itself.
 */
export class Spool {
  constructor(private readonly options: ISpoolOptions) {
    this.ledger = options.ledger ?? null;
    const isOwn = (boot: string): boolean => this.ownBoots.has(boot);
    this.earlier = new EarlierStreams({ ...options, ledger: this.ledger, isOwn });
    this.writer = this.newWriter(options.boot);
    this.life = new LifeSign({ ...options, minute: () => this.minute() });
    this.owed = [streamEvent('opened', options.clock.wallMs())];
    this.clockOffsetMs = this.readOffset();
  }

  /** What earlier companions left. */
  readonly earlier: EarlierStreams;

  /** This companion's own stream, as far as it is on the disk. */
  get own(): SpooledStream {
    return this.writer.stream;
  }

  /** The own stream's file that is written to; null = none. */
  get writing(): string | null {
    return this.writer.writing;
  }

  /** Why nothing can be recorded, a sentence; null = it can, as far as is known. */
  get trouble(): string | null {
    return this.fullSinceMs !== null ? FULL : this.writer.trouble;
  }

  /** There is no room for more. */
  get isFull(): boolean {
    return this.fullSinceMs !== null;
  }

  /** Begins the stream, and finds what earlier companions left. Never resolves, where the home hangs. */
  async start(): Promise<void> {
    try {
      await this.life.start();
    } catch (error) {
      // Tried again each minute.
      this.options.log(`The audited log cannot be begun: ${reasonOf(error)}`);
    }
    await this.findEarlier();
    await this.settle();
  }

  /** Records events in their order, all or none. Never resolves, where the home hangs. */
  async record(events: readonly IRecordEvent[]): Promise<Recorded> {
    const { clock, log, maxBytes = SPOOL_BYTES } = this.options;
    const sizeBytes = this.own.sizeBytes + this.earlier.sizeBytes;
    if (sizeBytes + events.length * RECORD_BYTES > maxBytes) {
      if (this.fullSinceMs === null) {
        this.fullSinceMs = clock.wallMs();
        log(FULL);
        this.owe(gapEvent('spool-full', this.fullSinceMs, null, this.fullSinceMs));
        await this.settle();
      }
      return 'full';
    }
    if (this.fullSinceMs !== null) {
      this.owe(gapEvent('spool-full', this.fullSinceMs, null, clock.wallMs()));
      this.fullSinceMs = null;
    }
    return (await this.settle(events)) ? 'recorded' : 'failed';
  }

  /** Something is missing from the log, for a reason that is not the spool's. */
  async gap(cause: AuditGap['cause'], sinceMs: number | null, count: number | null): Promise<void> {
    this.owe(gapEvent(cause, sinceMs, count, this.options.clock.wallMs()));
    await this.settle();
  }

  /** The hub has a stream up to here: what is no longer needed is removed. @throws the system's error. */
  async acknowledged(stream: SpooledStream, seq: number): Promise<void> {
    if (stream === this.own) {
      if (this.writing === null && seq >= stream.head.seq) {
        // No file of it is left then, however this companion ends. It is noted again with its next one.
        await this.ledger?.end(stream.boot);
      }
      await stream.acknowledged(seq, this.writing);
    } else if (seq >= stream.head.seq) {
      this.lookAgainUnless(await this.earlier.sent(stream));
    } else {
      await stream.acknowledged(seq, null);
    }
  }

  /**
   * A stream cannot be sent as it is: it is set aside, and the log says so.
   *
   * @param count - records that the hub will not get; null = not known.
   * @param isUnread - its files cannot be read, or some of them.
   */
  async giveUp(stream: SpooledStream, count: number | null, isUnread = false): Promise<void> {
    if (this.given.has(stream)) {
      // Whoever else found that out has told it.
      return;
    }
    if (stream === this.own) {
      await this.restart(count);
      return;
    }
    this.given.add(stream);
    await this.setAside(stream);
    if (isUnread && this.damaged.has(stream.boot)) {
      // That was told when it was found: what comes behind the damage cannot be sent without what is missing.
      this.endLater(stream.boot);
    } else {
      this.oweStream(stream.boot, stream.openedAtMs, count);
    }
    await this.settle();
  }

  /** Ends the stream. @param orderly - false: the server is gone, so what this end was nobody can say. */
  async close(orderly: boolean): Promise<void> {
    const recorded = orderly && (await this.settle([streamEvent('closed', this.options.clock.wallMs())]));
    await this.quietly('closed', () => this.writer.close());
    await this.quietly('closed', () => this.life.close(recorded));
    await this.ledger?.close();
  }

  /** What is recorded can be sent all the same. */
  private async quietly(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.options.log(`A file of the audited log cannot be ${what}: ${reasonOf(error)}`);
    }
  }

  private async setAside(stream: SpooledStream): Promise<void> {
    this.lookAgainUnless(await this.earlier.setAside(stream));
  }

  /** What could not be moved is tried again each minute. */
  private lookAgainUnless(isDone: boolean): void {
    this.isUndecided ||= !isDone;
  }

  /** Begins a new stream of this companion, which says that the old one is given up. */
  private async restart(count: number | null): Promise<void> {
    const { clock } = this.options;
    const given = this.writer;
    this.given.add(given.stream);
    const boot = randomUUID();
    this.writer = this.newWriter(boot);
    this.owed = [
      streamEvent('opened', clock.wallMs()),
      ...this.owed.filter(({ action }) => action !== 'opened')
    ];
    this.oweStream(given.stream.boot, given.stream.openedAtMs, count);
    await this.quietly('closed', () => given.close());
    await this.settle();
    await this.setAside(given.stream);
  }

  private newWriter(boot: string): StreamWriter {
    this.ownBoots.add(boot);
    const { ledger } = this;
    return new StreamWriter({ ...this.options, boot, begun: async (...stream) => ledger?.begin(...stream) });
  }

  /** Writes what the stream owes, and then these events. @returns whether that is on the disk. */
  private async settle(events: readonly IRecordEvent[] = []): Promise<boolean> {
    const { owed, forgettable } = this;
    this.owed = [];
    this.forgettable = new Map();
    const all = [...owed, ...events];
    const recorded = all.length === 0 || (await this.writer.record(all));
    if (!recorded) {
      this.owed = [...owed, ...this.owed];
      this.forgettable = new Map([...forgettable, ...this.forgettable]);
      return false;
    }
    if (all.length > 0) {
      this.options.grew();
    }
    for (const forget of forgettable.values()) {
      await forget();
    }
    return true;
  }

  private owe(gap: IRecordEvent): void {
    // Where nothing can be written for long, the first gaps tell enough.
    if (this.owed.length < MOST_OWED) {
      this.owed.push(gap);
    }
  }

  /** A stream is lost. That is told once, and when it is on the disk the next companion need not know of the stream. */
  private oweStream(boot: string, openedAtMs: number, count: number | null): void {
    this.owe(gapEvent('spool-lost', openedAtMs, count, this.options.clock.wallMs()));
    this.endLater(boot);
  }

  private endLater(boot: string): void {
    this.ledger?.dismiss(boot);
    this.forgettable.set(boot, async () => this.ledger?.end(boot));
  }

  /** Looks for what earlier companions left; again each minute, where nobody can say yet what is left. */
  private findEarlier(): Promise<void> {
    // One at a time: a home on a network may hang.
    this.finding ??= this.findAll().finally(() => (this.finding = null));
    return this.finding;
  }

  private async findAll(): Promise<void> {
    this.isUndecided = false;
    try {
      await this.tryToFind();
    } catch (error) {
      this.isUndecided = true;
      this.tellTrouble(error);
    }
  }

  private async tryToFind(): Promise<void> {
    const { disk, boot, serverId, clock } = this.options;
    const found = await this.earlier.find(await readLives(disk, boot));
    const { dead, isUndecided, damaged, vanished, empty } = found;
    this.isUndecided ||= isUndecided;
    const sinceMs = unwatchedSinceMs(
      dead.filter(life => !this.told.has(life.boot)),
      serverId
    );
    if (sinceMs !== null) {
      this.owe(gapEvent('companion-down', sinceMs, null, clock.wallMs()));
    }
    for (const life of dead) {
      this.told.add(life.boot);
      this.forgettable.set(`${life.boot}.life`, () => this.forget(life));
    }
    for (const earlier of damaged) {
      this.damaged.add(earlier);
      this.owe(gapEvent('spool-lost', null, null, clock.wallMs()));
    }
    vanished.forEach(({ boot: earlier, openedAtMs }) => this.oweStream(earlier, openedAtMs, null));
    empty.forEach(earlier => this.endLater(earlier));
    await this.settle();
    this.options.grew();
  }

  private async forget(life: INotedLife): Promise<void> {
    try {
      await this.earlier.removeLives([life]);
    } catch (error) {
      // Tried again each minute.
      this.isUndecided = true;
      this.tellTrouble(error);
    }
  }

  private tellTrouble(error: unknown): void {
    if (!this.toldTrouble) {
      this.toldTrouble = true;
      this.options.log(`What earlier companions left cannot be read or removed: ${reasonOf(error)}`);
    }
  }

  private minute(): void {
    const offsetMs = this.readOffset();
    if (Math.abs(offsetMs - this.clockOffsetMs) > CLOCK_STEP_MS) {
      const { clock } = this.options;
      // What the clock would show by now, had it not been set.
      void this.gap('clock-step', clock.monotonicMs() + this.clockOffsetMs, null);
    }
    this.clockOffsetMs = offsetMs;
    if (this.isUndecided) {
      void this.findEarlier();
    }
    void this.lookForOwn();
    void this.ledger?.touch();
    this.options.minute();
  }

  /**
   * Where somebody removed the file that is written to, cut it or made something else of it, what goes on into it is lost: a
   * new stream says so.
   */
  private async lookForOwn(): Promise<void> {
    const { log } = this.options;
    const { own, writing } = this;
    if (writing === null || !(await this.isLost(own, writing)) || writing !== this.writing) {
      return;
    }
    log('The spool of the audited log was removed or changed while it was written to. A gap is recorded.');
    await this.restart(null).catch((failure: unknown) =>
      log(`The new stream cannot be begun: ${reasonOf(failure)}`)
    );
  }

  private async isLost(own: SpooledStream, file: string): Promise<boolean> {
    const { disk } = this.options;
    const sizeBytes = own.sizeOf(file);
    try {
      return (await disk.state(file)).sizeBytes < sizeBytes;
    } catch (error) {
      if (NO_FOLDER.has(codeOf(error) ?? '') && !(await isSpoilt(disk, error))) {
        // Something else is in the place of the whole folder: with the next file those who write say so.
        this.writer.leave();
        return false;
      }
      // What the disk has otherwise is told by those who write.
      return isSpoilt(disk, error);
    }
  }

  /** By how much the wall clock is ahead of the monotonic one, ms. */
  private readOffset(): number {
    const { clock } = this.options;
    return clock.wallMs() - clock.monotonicMs();
  }

  private readonly ledger: StreamLedger | null;
  private readonly ownBoots = new Set<string>();
  private writer: StreamWriter;
  private readonly life: LifeSign;
  /** What the stream says before anything else, as soon as it can be written. */
  private owed: IRecordEvent[];
  /** Since when there is no room, wall clock ms; null = there is. */
  private fullSinceMs: number | null = null;
  /** Removes, by name, what would tell the next companion the same things, as soon as what is owed is on the disk. */
  private forgettable = new Map<string, () => Promise<void>>();
  /** Companions of which it was told that they are dead. */
  private readonly told = new Set<string>();
  private clockOffsetMs: number;
  /** Something that earlier companions left is to be looked at again. */
  private isUndecided = false;
  private finding: Promise<void> | null = null;
  /** Streams of which it was told that something of them is missing. */
  private readonly damaged = new Set<string>();
  /** Streams that are given up. */
  private readonly given = new Set<SpooledStream>();
  /** That there is trouble with what earlier companions left was said. */
  private toldTrouble = false;
}

const FULL =
  'The spool of the audited log is full because the hub takes no records: what is installed now is not recorded until it does.';
const MOST_OWED = 32;
const NO_FOLDER = new Set(['ENOTDIR', 'ELOOP']);
