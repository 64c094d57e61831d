// What a companion says to the hub service, said by the companion's own code: tickets, the watch over policy with its long
// poll, the spool, the relay with its back-off, a batch of events each quarter of an hour. Only the disk below the spool is not real, and there is no kernel above it.
import { randomUUID } from 'node:crypto';
import { eventId, packageEvent, streamEvent } from '../../packages/core/lib/index.js';
import type { SwitchablePart } from '../../packages/protocol/lib/index.js';
import { HubTickets } from '../../companion/lib/audit/hub-tickets.js';
import { HubClient, type IHubAnswer, type IHubQuestion } from '../../companion/lib/audit/hub-client.js';
import { Receipts } from '../../companion/lib/audit/receipts.js';
import { Relay } from '../../companion/lib/audit/relay.js';
import { Spool } from '../../companion/lib/audit/spool.js';
import { reasonOf } from '../../companion/lib/failure.js';
import { systemClock } from '../../companion/lib/clock.js';
import { PartSwitches } from '../../companion/lib/policy/part-switches.js';
import { OutgoingLedger } from '../../companion/lib/outgoing/outgoing-ledger.js';
import { POLL_MS, PolicyWatch } from '../../companion/lib/policy/policy-watch.js';
import { EventQueue } from '../../companion/lib/server-events/event-queue.js';
import { EventSender } from '../../companion/lib/server-events/event-sender.js';
import { HOLD_MS } from '../../packages/hub-service/lib/events/held-polls.js';
import { sha256Hex } from '../../packages/hub-service/lib/sha256.js';
import { MemoryDisk } from './memory-disk.mts';

const MINUTE_MS = 60_000;
/** As in the companion's audit log. */
const HEARTBEAT_MINUTES = 10;
/** As in the companion's server events. */
const TALLY_MS = 15 * MINUTE_MS;
const IMAGE = 'quay.io/lab/base:2026';

/** What a companion asked the service for: `ticket`, `events`, `records`. */
export type Asked = string;

/** Told of each question. */
export interface IFleetCount {
  asked(what: Asked): void;
  /** @param result - the status, or why nobody answered. @param askedAtMs - epoch ms. */
  answered(what: Asked, result: number | string, askedAtMs: number): void;
}

/** The companion's own client, which counts. */
class CountingClient extends HubClient {
  constructor(url: URL, count: IFleetCount, answerMs?: number) {
    super(url, () => Date.now(), new OutgoingLedger(Date.now), answerMs);
    this.count = count;
  }

  override async ask(question: IHubQuestion): Promise<IHubAnswer> {
    const what = /^(?:\/?api\/v1\/)?(\w+)/.exec(question.path)?.[1] ?? question.path;
    const askedAtMs = Date.now();
    this.count.asked(what);
    try {
      const answer = await super.ask(question);
      this.count.answered(what, answer.status, askedAtMs);
      return answer;
    } catch (error) {
      this.count.answered(what, reasonOf(error), askedAtMs);
      throw error;
    }
  }

  private readonly count: IFleetCount;
}

export interface IFleetCompanionOptions {
  readonly serviceUrl: URL;
  readonly token: string;
  readonly count: IFleetCount;
  /** Records a minute after the first. */
  readonly recordsPerMinute: number;
  /** It switched parts as policy says; these are off now. */
  readonly switched?: (off: Iterable<SwitchablePart>) => void;
}

/** One companion. */
export class FleetCompanion implements IFleetCount {
  constructor(options: IFleetCompanionOptions) {
    this.options = options;
    const { serviceUrl, token } = options;
    const clock = systemClock;
    const log = (): void => undefined;
    const tickets = new HubTickets({ client: new CountingClient(serviceUrl, this), token, clock });
    const disk = new MemoryDisk();
    const boot = randomUUID();
    this.events = new EventQueue(boot, IMAGE);
    this.sender = new EventSender({
      client: new CountingClient(serviceUrl, this),
      ...{ tickets, clock, log },
      queue: this.events,
      random: Math.random
    });
    this.spool = new Spool({
      ...{ disk, boot, clock, log },
      serverId: boot,
      serverLives: () => true,
      grew: () => this.relay.wake(),
      minute: () => this.minute()
    });
    this.relay = new Relay({
      client: new CountingClient(serviceUrl, this),
      ...{ tickets, clock, log },
      spool: this.spool,
      receipts: new Receipts(disk, log),
      random: Math.random
    });
    this.watch = new PolicyWatch({
      client: new CountingClient(serviceUrl, this, POLL_MS),
      ...{ tickets, clock, log },
      image: IMAGE,
      random: Math.random,
      said: off => {
        const changed = this.switches.set(new Set(off.keys()));
        if (changed.length > 0) options.switched?.(off.keys());
      }
    });
  }

  /** Begins to speak, and to record. */
  async start(): Promise<void> {
    this.watch.start();
    await this.spool.start();
    const everyMs = MINUTE_MS / this.options.recordsPerMinute;
    // Those of a fleet do not keep time with one another.
    setTimeout(() => {
      void this.record();
      setInterval(() => void this.record(), everyMs);
    }, Math.random() * everyMs);
    setTimeout(() => {
      this.tally();
      setInterval(() => this.tally(), TALLY_MS);
    }, Math.random() * TALLY_MS);
  }

  asked(what: Asked): void {
    this.options.count.asked(what);
  }

  answered(what: Asked, result: number | string, askedAtMs: number): void {
    this.options.count.answered(what, result, askedAtMs);
    const isGood = typeof result === 'number' && result >= 200 && result < 300;
    const isSince = askedAtMs >= this.cutAtMs;
    if (what === 'events') {
      // Who was answered by the old service at its end, and not by the new one, is not back.
      if (!isGood) this.pollBackAtMs = null;
      else if (isSince) this.pollBackAtMs ??= admittedAtMs(result, askedAtMs);
    }
    if (what === 'records') {
      if (!isGood) {
        this.isRelayCut = true;
        this.relayBackAtMs = null;
      } else if (isSince) this.relayBackAtMs ??= Date.now();
    }
  }

  /** From now on it counts when this one is back. */
  cut(nowMs: number): void {
    this.cutAtMs = nowMs;
    this.pollBackAtMs = this.relayBackAtMs = null;
    this.isRelayCut = false;
  }

  /**
   * When it was back, epoch ms: when the service had let its question in, to hold or to answer it, and, where a record had
   * not come through, when one did. null = it is not.
   */
  get backAtMs(): number | null {
    const relayMs = this.isRelayCut ? this.relayBackAtMs : -Infinity;
    return this.pollBackAtMs === null || relayMs === null ? null : Math.max(this.pollBackAtMs, relayMs);
  }

  /** Records that the service has not acknowledged. */
  get waiting(): number {
    return this.relay.waiting;
  }

  private record(): Promise<unknown> {
    const now = Date.now();
    return this.spool.record([
      packageEvent({
        action: 'install',
        ...{ occurredAtMs: now, observedAtMs: now },
        tool: { name: 'pip', version: '25.3' },
        environment: { id: '0123456789abcdef', kind: 'venv', python: '3.12' },
        package: {
          ...{ ecosystem: 'pypi', name: `package-${now % 997}`, version: `1.${now % 50}.0`, requested: true },
          ...{ installer: 'pip', recordDigest: 'ab'.repeat(32), files: 112, origin: 'index' }
        },
        personal: {
          argv: ['pip', 'install', `package-${now % 997}`],
          directUrl: null,
          notebook: null,
          prefix: '/home/user/.venv/project',
          salt: randomUUID().replaceAll('-', '')
        }
      })
    ]);
  }

  /** What a server has to say each quarter of an hour. */
  private tally(): void {
    const atMs = Date.now();
    this.events.add({
      kind: 'kernels',
      ...{ id: eventId(sha256Hex, randomUUID()), atMs },
      ...{ started: 1, kernelMs: TALLY_MS, unsentRecords: this.waiting }
    });
    void this.sender.send();
  }

  private minute(): void {
    this.minutes += 1;
    if (this.minutes >= HEARTBEAT_MINUTES && this.relay.connected) {
      this.minutes = 0;
      void this.spool.record([streamEvent('heartbeat', Date.now())]);
    }
  }

  private readonly options: IFleetCompanionOptions;
  private readonly switches = new PartSwitches(new Set());
  private readonly spool: Spool;
  private readonly relay: Relay;
  private readonly watch: PolicyWatch;
  private readonly events: EventQueue;
  private readonly sender: EventSender;
  /** As if each had begun at another time. */
  private minutes = Math.floor(Math.random() * HEARTBEAT_MINUTES);
  private cutAtMs = Number.POSITIVE_INFINITY;
  private pollBackAtMs: number | null = null;
  private relayBackAtMs: number | null = null;
  private isRelayCut = false;
}

/**
 * When the service had let a question in that it answered well, epoch ms, and no earlier than that: a question without news
 * (204) was held for `HOLD_MS` from then on, and up to a second longer.
 */
function admittedAtMs(result: number | string, askedAtMs: number): number {
  const answeredAtMs = Date.now();
  const wasHeld = result === 204 && answeredAtMs - askedAtMs >= HOLD_MS;
  return wasHeld ? answeredAtMs - HOLD_MS : answeredAtMs;
}
