import { OwnCourse, ownList, type ISpooledFacts, type IStreamReceipt } from '@labkeeper/core';
import { LISTED_RECORDS, type AuditRecords } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { HubAway } from './hub-client.js';
import { HubRefused, type OwnHub } from './own-hub.js';

/** The spool is read at most this often, ms. */
const APART_MS = 1000;

export interface IOwnRecordsOptions {
  readonly clock: IClock;
  readonly log: Log;
  /** null = no hub keeps a log. */
  readonly hub: OwnHub | null;
  /** What lies on this server, newest first. @throws the system's error. */
  readonly spooled: () => Promise<readonly ISpooledFacts[]>;
  /** The last receipt of a stream; null = none is kept. @throws the system's error. */
  readonly receiptOf: (boot: string) => Promise<IStreamReceipt | null>;
  /** Where environments are, by their id. */
  readonly paths: () => ReadonlyMap<string, string>;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly changed: (records: AuditRecords) => void;
}

/** The list of this server's records. While nobody looks at it nothing is read, here or at the hub. */
export class OwnRecords implements IDisposable {
  constructor(private readonly options: IOwnRecordsOptions) {
    this.course = new OwnCourse(options.random);
  }

  /** As it was read last; null = never. */
  get current(): AuditRecords | null {
    return this.last;
  }

  /** Whether somebody looks at the list. */
  set wanted(isWanted: boolean) {
    this.isWanted = isWanted;
    if (isWanted) {
      // What happened while nobody looked.
      this.news();
    } else {
      this.timer?.dispose();
      this.timer = null;
    }
  }

  /** Something was recorded, or the hub has more. */
  news(): void {
    this.course.stale();
    this.isOld = true;
    this.plan();
  }

  dispose(): void {
    this.wanted = false;
    this.options.hub?.dispose();
  }

  private plan(): void {
    if (!this.isWanted || this.looking !== null) {
      return;
    }
    const nowMs = this.options.clock.monotonicMs();
    const hubMs = this.options.hub === null ? null : this.course.dueMs(nowMs);
    const ownMs = this.isOld ? Math.max(0, this.notBeforeMs - nowMs) : null;
    const ms = Math.min(hubMs ?? Infinity, ownMs ?? Infinity);
    this.timer?.dispose();
    this.timer =
      ms === Infinity
        ? null
        : this.options.clock.after(ms, () => {
            this.timer = null;
            this.looking = this.look().finally(() => {
              this.looking = null;
              this.plan();
            });
          });
  }

  private async look(): Promise<void> {
    const { clock, hub, log } = this.options;
    try {
      await this.list();
      if (hub !== null && this.course.dueMs(clock.monotonicMs()) === 0) {
        await this.askHub(hub);
        // Meanwhile more may have been acknowledged.
        await this.list();
      }
    } catch (error) {
      if (!this.told) {
        this.told = true;
        log(`The records of this server cannot be listed: ${reasonOf(error)}`);
      }
    }
  }

  private async askHub(hub: OwnHub): Promise<void> {
    const { clock } = this.options;
    this.course.began(clock.monotonicMs());
    try {
      await hub.read();
      this.course.succeeded();
      [this.hubIs, this.failure] = ['read', null];
    } catch (error) {
      this.course.failed(clock.monotonicMs(), error instanceof HubRefused ? error.laterMs : null);
      const isAnswer = error instanceof HubAway || error instanceof HubRefused;
      const what = isAnswer ? error.message : `could not be asked: ${reasonOf(error)}`;
      [this.hubIs, this.failure] = ['failed', `The hub service ${what.replace(/\.$/, '')}.`];
    }
  }

  private async list(): Promise<void> {
    const { clock, hub, spooled, receiptOf, paths, changed } = this.options;
    this.isOld = false;
    this.notBeforeMs = clock.monotonicMs() + APART_MS;
    const facts = await spooled();
    const rows = hub?.rows ?? [];
    const receipts = new Map<string, IStreamReceipt | null>();
    for (const { boot } of [...facts, ...rows]) {
      if (!receipts.has(boot)) {
        receipts.set(boot, await receiptOf(boot));
      }
    }
    const where = paths();
    this.last = {
      ...ownList({
        hub: rows,
        isCut: hub?.isCut ?? false,
        spooled: facts,
        receiptOf: boot => receipts.get(boot) ?? null,
        pathOf: id => where.get(id) ?? null,
        most: LISTED_RECORDS
      }),
      hub: hub === null ? 'none' : this.hubIs,
      failure: this.failure
    };
    if (this.isWanted) {
      changed(this.last);
    }
  }

  private readonly course: OwnCourse;
  private last: AuditRecords | null = null;
  private isWanted = false;
  private isOld = true;
  private notBeforeMs = -Infinity;
  private timer: IDisposable | null = null;
  private looking: Promise<void> | null = null;
  private hubIs: AuditRecords['hub'] = 'asking';
  private failure: string | null = null;
  private told = false;
}
