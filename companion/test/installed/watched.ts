import { randomUUID } from 'node:crypto';
import type { IRecordEvent } from '@labkeeper/core';
import { AuditDisk } from '../../src/audit/audit-disk.js';
import type { ISites } from '../../src/audit/audit-environment.js';
import type { Recorded } from '../../src/audit/spool.js';
import { systemClock, type IClock } from '../../src/clock.js';
import { InstalledWatch } from '../../src/installed/installed-watch.js';

/** Nothing but what a test names. */
export const NO_SITES: ISites = {
  prefix: null,
  python: null,
  folders: [],
  userFolder: null,
  kernelFolders: []
};

/** A watch over folders of a test. */
export class Watched {
  constructor(
    private readonly home: string,
    private readonly sites: Partial<ISites>,
    clock: IClock = systemClock,
    disk = new AuditDisk(home, '', randomUUID())
  ) {
    this.disk = disk;
    this.watch = new InstalledWatch({
      sites: { ...NO_SITES, ...sites },
      disk: this.disk,
      record: events => {
        if (this.answer === 'recorded') {
          this.events.push(...events);
        }
        this.asked += 1;
        return Promise.resolve(this.answer);
      },
      forgot: () => {
        this.forgot += 1;
        return Promise.resolve();
      },
      clock,
      log: line => this.logged.push(line),
      startMs: 0
    });
  }

  async start(): Promise<this> {
    await this.disk.prepare();
    this.watch.start();
    return this;
  }

  /** The next companion, with the same disk. */
  again(clock: IClock): Watched {
    return new Watched(this.home, this.sites, clock, this.disk);
  }

  /** What was recorded: `action name version`. */
  get told(): string[] {
    return this.events.map(event => `${event.action} ${event.package?.name} ${event.package?.version}`);
  }

  readonly disk: AuditDisk;
  readonly watch: InstalledWatch;
  readonly events: IRecordEvent[] = [];
  readonly logged: string[] = [];
  answer: Recorded = 'recorded';
  asked = 0;
  forgot = 0;
}
