import { packageEvent } from '@labkeeper/core';
import { AuditDisk } from '../../src/audit/audit-disk.js';
import { HubClient } from '../../src/audit/hub-client.js';
import { HubTickets } from '../../src/audit/hub-tickets.js';
import { Receipts } from '../../src/audit/receipts.js';
import { Relay } from '../../src/audit/relay.js';
import { Spool } from '../../src/audit/spool.js';
import { systemClock } from '../../src/clock.js';
import { OutgoingLedger } from '../../src/outgoing/outgoing-ledger.js';

/** Longest pause between two times that something is recorded, ms: the hub takes 500 records a second of one server. */
const PAUSE_MS = 120;
const MOST_RECORDS = 12;
const CHECK_MS = 50;
/** Records that wait for the hub, after which nothing is recorded for a while: the spool is bounded, and says when it is full. */
const MOST_WAITING = 5000;

export interface IRecordingOptions {
  readonly home: string;
  /** The name of its stream, a UUID. */
  readonly boot: string;
  /** Its records are called `<mark>-1`, `<mark>-2` …, so that each can be found without knowing how it was stored. */
  readonly mark: string;
  /** Of the hub service, with a slash at its end. */
  readonly service: string;
  readonly token: string;
  readonly log: (line: string) => void;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

/** The audited log's own parts as a companion has them, with installs as fast as a hub may be sent them. */
export class RecordingCompanion {
  constructor(private readonly options: IRecordingOptions) {
    const { home, boot, service, token, log, random = Math.random } = options;
    const clock = systemClock;
    const disk = new AuditDisk(home, '', boot);
    const client = new HubClient(new URL(service), () => clock.wallMs(), new OutgoingLedger(Date.now));
    this.spool = new Spool({
      ...{ disk, boot, clock, log },
      serverId: boot,
      // Whoever wrote here before was killed.
      serverLives: () => false,
      grew: () => this.relay.wake(),
      minute: () => undefined
    });
    this.relay = new Relay({
      ...{ client, clock, log, random },
      tickets: new HubTickets({ client, token, clock }),
      spool: this.spool,
      receipts: new Receipts(disk, () => undefined)
    });
  }

  /** Finds what was left, and begins to send it. */
  start(): Promise<void> {
    return this.spool.start();
  }

  /** Records until it is killed. @param told - so many of its records are on the disk, as it was told. */
  async record(told: (records: number) => void): Promise<never> {
    const { random = Math.random, mark } = this.options;
    for (let last = 0; ;) {
      while (this.relay.waiting > MOST_WAITING) {
        await new Promise(resolve => setTimeout(resolve, CHECK_MS));
      }
      const events = Array.from({ length: 1 + Math.floor(MOST_RECORDS * random()) }, () =>
        event(`${mark}-${(last += 1)}`)
      );
      const some = Math.ceil(events.length / 2);
      // Some at the same time: they go to the disk together.
      const became = await Promise.all([
        this.spool.record(events.slice(0, some)),
        this.spool.record(events.slice(some))
      ]);
      if (became.some(one => one !== 'recorded')) {
        throw new Error(`An event was not recorded: ${became.join(', ')}, ${this.spool.trouble}`);
      }
      told(last);
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS * random()));
    }
  }

  /** Resolves when the hub has everything. */
  async sent(): Promise<void> {
    while (this.relay.waiting > 0) {
      await new Promise(resolve => setTimeout(resolve, CHECK_MS));
    }
  }

  private readonly spool: Spool;
  private readonly relay: Relay;
}

function event(name: string): ReturnType<typeof packageEvent> {
  const atMs = Date.now();
  return packageEvent({
    ...{ action: 'install', occurredAtMs: atMs, observedAtMs: atMs },
    tool: { name: 'pip', version: '25.3' },
    environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
    package: {
      ...{ ecosystem: 'pypi', name, version: '1.0', requested: true, installer: 'pip' },
      ...{ recordDigest: 'ab'.repeat(32), files: 12, origin: 'index' }
    },
    personal: null
  });
}
