import { streamEvent } from '@labkeeper/core';
import { LISTED_RECORDS, type AuditRecords, type AuditState } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { HomeDisk } from '../journal/journal-disk.js';
import { InstalledWatch } from '../installed/installed-watch.js';
import type { OutgoingLedger } from '../outgoing/outgoing-ledger.js';
import { serverId, serverLives } from '../recorder/server-id.js';
import { AuditDisk } from './audit-disk.js';
import type { IAuditEnvironment } from './audit-environment.js';
import { HubClient } from './hub-client.js';
import type { HubTickets } from './hub-tickets.js';
import { LIFE_SIGN_MS } from './life-sign.js';
import { OwnHub } from './own-hub.js';
import { OwnRecords } from './own-records.js';
import { Receipts } from './receipts.js';
import { Relay } from './relay.js';
import { Spool } from './spool.js';
import { spooledFacts } from './spooled-facts.js';
import { StreamLedger } from './stream-ledger.js';

/** While the hub is reached, the stream says that it is kept this often, in minutes. */
const HEARTBEAT_MINUTES = (10 * 60_000) / LIFE_SIGN_MS;
/** At the end, what is left to send has so long, ms: a container that stops leaves about 1.5 s in all. */
const LAST_MS = 500;
/** Longest reason that pages are told, in characters. */
const DETAIL = 1000;

export interface IAuditLogOptions {
  readonly environment: IAuditEnvironment;
  /** Tickets of the service; null = there is none, so records are only spooled. */
  readonly tickets: HubTickets | null;
  readonly home: string;
  readonly serverName: string;
  /** null = nobody said: the companion's parent stands for it. */
  readonly serverPid: number | null;
  /** One id per companion process, a UUID: the name of its stream. */
  readonly boot: string;
  readonly procRoot: string;
  readonly clock: IClock;
  readonly log: Log;
  /** Where it is noted what leaves this container. */
  readonly outgoing: OutgoingLedger;
  /** When installed packages are looked at first, ms after the start. */
  readonly lookMs?: number;
  /** How the log stands may have changed. */
  readonly changed?: () => void;
  /** The list of this server's records has changed. */
  readonly listed?: (records: AuditRecords) => void;
}

/** How the audited log stands. */
export interface IAuditHealth {
  /** Records that the hub has not acknowledged. */
  readonly waiting: number;
  /** The last receipt's short form; null = there is none yet. */
  readonly receipt: string | null;
  /** The last request to the hub was answered as it should be. */
  readonly connected: boolean;
  /** Installed distributions that are known. */
  readonly installed: number;
  /** What is wrong, a sentence; null = nothing. */
  readonly error: string | null;
}

/** The companion's side of the audited log: what is installed, recorded on the home volume, and brought to the hub. */
export class AuditLog {
  constructor(private readonly options: IAuditLogOptions) {
    const { environment, home, serverName, serverPid, boot, procRoot, clock, log } = options;
    const disk = new AuditDisk(home, serverName, boot);
    this.receipts = new Receipts(disk, log);
    const ownServerId = serverId(procRoot, serverPid ?? process.ppid);
    // Apart from the spool: what removes that leaves the notes.
    const ledger = new StreamLedger({
      ...{ serverId: ownServerId, clock, log },
      disk: new HomeDisk(home, serverName, boot, 'streams')
    });
    this.spool = new Spool({
      ...{ disk, boot, clock, log, ledger },
      serverId: ownServerId,
      serverLives: id => serverLives(procRoot, id),
      grew: () => {
        this.relay?.wake();
        options.changed?.();
      },
      minute: () => this.minute()
    });
    this.relay =
      environment.serviceUrl === null || options.tickets === null
        ? null
        : new Relay({
            client: new HubClient(environment.serviceUrl, () => clock.wallMs(), options.outgoing),
            tickets: options.tickets,
            spool: this.spool,
            receipts: this.receipts,
            random: Math.random,
            changed: () => options.changed?.(),
            ...{ clock, log }
          });
    this.watch = new InstalledWatch({
      ...{ disk, clock, log },
      sites: environment.sites,
      record: events => this.spool.record(events),
      forgot: () => this.spool.gap('spool-lost', null, null),
      ...(options.lookMs === undefined ? {} : { startMs: options.lookMs })
    });
    const { serviceUrl, token, hub } = environment;
    this.own = new OwnRecords({
      ...{ clock, log },
      random: Math.random,
      hub:
        serviceUrl &&
        new OwnHub(new HubClient(serviceUrl, () => clock.wallMs(), options.outgoing), token, hub, clock),
      spooled: () =>
        spooledFacts(this.spool, boot => this.relay?.acknowledged(boot) ?? 0, LISTED_RECORDS + 1),
      receiptOf: boot => this.receipts.of(boot),
      paths: () => this.watch.paths(),
      changed: records => options.listed?.(records)
    });
  }

  /** The records of this server, for whoever looks at them. */
  readonly own: OwnRecords;

  /** Begins; nothing waits for it, because a home on a network can hang for ever. */
  start(): void {
    this.options.environment.warnings.forEach(this.options.log);
    this.begin().catch((error: unknown) =>
      this.options.log(`The audited log cannot be kept: ${reasonOf(error)}`)
    );
  }

  /**
   * The hub's policy switches recording off, or on again. What was recorded is sent all the same, and the stream says that
   * nobody looked meanwhile.
   */
  switch(on: boolean): void {
    if (on === (this.offSinceMs === null)) {
      return;
    }
    const nowMs = this.options.clock.wallMs();
    void this.spool.gap('switched-off', this.offSinceMs ?? nowMs, null);
    this.offSinceMs = on ? null : nowMs;
    if (on) {
      this.watch.resume();
    } else {
      this.watch.pause();
    }
  }

  health(): IAuditHealth {
    return {
      waiting: this.relay?.waiting ?? this.spool.own.head.seq,
      receipt: this.receipts.short,
      connected: this.relay?.connected ?? false,
      installed: this.watch.count,
      error: this.spool.trouble ?? this.relay?.trouble ?? null
    };
  }

  /** How the log stands, for pages. */
  state(): Omit<AuditState, 'connectedSinceMs'> & { readonly connected: boolean } {
    const { waiting, receipt, connected, error } = this.health();
    const atMs = this.receipts.receivedAtMs;
    return {
      mode: this.relay === null ? 'server' : 'hub',
      problem: error === null ? null : { kind: this.problemKind(), detail: error.slice(0, DETAIL) },
      waiting,
      receipt: receipt === null || atMs === null ? null : { short: receipt, atMs },
      connected,
      ...(this.offSinceMs === null ? {} : { switchedOffSinceMs: this.offSinceMs })
    };
  }

  /** Ends the stream, and sends what can still be sent. Never resolves, where the home hangs. */
  async close(orderly: boolean): Promise<void> {
    this.watch.dispose();
    this.own.dispose();
    await this.spool.close(orderly);
    await this.relay?.flush(LAST_MS);
    this.relay?.dispose();
  }

  private async begin(): Promise<void> {
    await this.spool.start();
    this.watch.start();
    await this.receipts.prune();
  }

  private problemKind(): NonNullable<AuditState['problem']>['kind'] {
    if (this.spool.isFull) {
      return 'full';
    }
    return this.spool.trouble === null ? 'hub' : 'disk';
  }

  private minute(): void {
    this.options.changed?.();
    this.minutes += 1;
    if (this.minutes >= HEARTBEAT_MINUTES && this.relay?.connected) {
      this.minutes = 0;
      void this.spool.record([streamEvent('heartbeat', this.options.clock.wallMs())]);
    }
  }

  private readonly receipts: Receipts;
  private readonly spool: Spool;
  private readonly relay: Relay | null;
  private readonly watch: InstalledWatch;
  private minutes = 0;
  /** Wall clock ms; null = recording is on. */
  private offSinceMs: number | null = null;
}
