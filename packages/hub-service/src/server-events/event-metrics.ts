import { Cause } from '@labkeeper/protocol';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { IStoredEvent } from '../store/server-events.js';

/** Nodes that have a time series of their own; more count together, or a hub of short-lived machines would fill Prometheus. */
const NODES = 200;
const OTHERS = 'others';
const UNKNOWN = 'unknown';
const HOUR_MS = 3_600_000;

/** Counters without labels. */
const COUNTERS = {
  kernelHours: ['labkeeper_kernel_hours_total', 'Hours that kernels lived, all together.'],
  kernelStarts: ['labkeeper_kernel_starts_total', 'Kernels that were started.'],
  memoryHigh: [
    'labkeeper_memory_high_total',
    'Times that a server had more than 90 % of its memory in use for ten minutes.'
  ],
  throttled: ['labkeeper_throttled_total', 'Times that the CPU quota slowed a running cell for long.'],
  unsafeSaves: [
    'labkeeper_saves_not_safe_total',
    'Times that the journal of a server could not take a change.'
  ],
  saves: ['labkeeper_saves_total', 'Files that were saved.'],
  unreadable: [
    'labkeeper_events_unreadable_total',
    'Events that could not be read; a newer companion may send some.'
  ],
  purged: ['labkeeper_events_deleted_total', 'Events that were deleted because their time was over.'],
  failures: ['labkeeper_events_failures_total', 'Batches of events that the database did not take.']
} as const satisfies Record<string, readonly [name: string, help: string]>;

/** Counters by one label each. */
const LABELLED = {
  deaths: [
    'labkeeper_kernel_deaths_total',
    'Kernels that died and nobody wanted to, by the cause of the verdict.',
    'cause'
  ],
  nodeDeaths: [
    'labkeeper_node_kernel_deaths_total',
    `Kernels that died, by the machine that their server ran on; the first ${NODES} machines by themselves.`,
    'node'
  ],
  nodeKernelHours: [
    'labkeeper_node_kernel_hours_total',
    'Hours that kernels lived, by the machine that their server ran on.',
    'node'
  ],
  errors: [
    'labkeeper_errors_total',
    'Errors that ended a cell, by class; where policy asks for it.',
    'class'
  ],
  lost: [
    'labkeeper_events_lost_total',
    'Events that servers say will never come, by why; of a loss without a number, one.',
    'why'
  ]
} as const satisfies Record<string, readonly [name: string, help: string, label: string]>;

/** What events are counted as. No name of a person, a server or an image is in it. */
export class EventMetrics {
  constructor(registry: Registry) {
    const registers = [registry];
    const counter = ([name, help]: readonly [name: string, help: string]): Counter =>
      new Counter({ name, help, registers });
    const by = <Label extends string>([name, help, label]: readonly [
      name: string,
      help: string,
      label: Label
    ]): Counter<Label> => new Counter({ name, help, labelNames: [label], registers });
    this.deaths = by(LABELLED.deaths);
    // A rate counts from a series' first value on: without a zero the first death of each cause would be none.
    Cause.options.forEach(cause => this.deaths.inc({ cause }, 0));
    this.nodeDeaths = by(LABELLED.nodeDeaths);
    this.kernelHours = counter(COUNTERS.kernelHours);
    this.nodeKernelHours = by(LABELLED.nodeKernelHours);
    this.kernelStarts = counter(COUNTERS.kernelStarts);
    this.memoryHigh = counter(COUNTERS.memoryHigh);
    this.throttled = counter(COUNTERS.throttled);
    this.unsafeSaves = counter(COUNTERS.unsafeSaves);
    this.saves = counter(COUNTERS.saves);
    this.errors = by(LABELLED.errors);
    this.lost = by(LABELLED.lost);
    this.unreadable = counter(COUNTERS.unreadable);
    this.purged = counter(COUNTERS.purged);
    this.failures = counter(COUNTERS.failures);
    this.unsent = new Histogram({
      name: 'labkeeper_companion_unsent_records',
      help: 'Records of installs that a server had not sent yet, each time that it told of its kernels.',
      buckets: [0, 10, 100, 1000, 10_000],
      registers
    });
    this.purgedAt = new Gauge({
      name: 'labkeeper_events_deleted_timestamp_seconds',
      help: 'When events whose time is over were deleted last.',
      registers
    });
  }

  readonly unreadable: Counter;
  readonly purged: Counter;
  readonly failures: Counter;
  readonly purgedAt: Gauge;

  /** Counts events that were stored now. */
  stored(events: readonly IStoredEvent[]): void {
    for (const { event, node } of events) {
      const place = { node: this.labelOf(node) };
      switch (event.kind) {
        case 'death':
          this.deaths.inc({ cause: event.cause });
          this.nodeDeaths.inc(place);
          break;
        case 'kernels':
          this.kernelHours.inc(event.kernelMs / HOUR_MS);
          this.nodeDeaths.inc(place, 0);
          this.nodeKernelHours.inc(place, event.kernelMs / HOUR_MS);
          this.kernelStarts.inc(event.started);
          this.unsent.observe(event.unsentRecords);
          break;
        case 'memory-high':
          this.memoryHigh.inc();
          break;
        case 'throttled':
          this.throttled.inc();
          break;
        case 'saves':
          this.saves.inc(event.count);
          this.unsafeSaves.inc(event.notSafe);
          break;
        case 'errors':
          this.errors.inc({ class: event.class }, event.count);
          break;
        case 'lost':
          this.lost.inc({ why: event.why }, event.count ?? 1);
          break;
      }
    }
  }

  private labelOf(node: string | null): string {
    if (node === null) {
      return UNKNOWN;
    }
    if (!this.nodes.has(node) && this.nodes.size >= NODES) {
      return OTHERS;
    }
    this.nodes.add(node);
    return node;
  }

  private readonly nodes = new Set<string>();
  private readonly deaths: Counter<'cause'>;
  private readonly nodeDeaths: Counter<'node'>;
  private readonly kernelHours: Counter;
  private readonly nodeKernelHours: Counter<'node'>;
  private readonly kernelStarts: Counter;
  private readonly memoryHigh: Counter;
  private readonly throttled: Counter;
  private readonly unsafeSaves: Counter;
  private readonly saves: Counter;
  private readonly errors: Counter<'class'>;
  private readonly lost: Counter<'why'>;
  private readonly unsent: Histogram;
}
