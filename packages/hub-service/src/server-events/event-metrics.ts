import { Cause } from '@labkeeper/protocol';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { IStoredEvent } from '../store/server-events.js';

/** Nodes that have a time series of their own; more count together, or a hub of short-lived machines would fill Prometheus. */
const NODES = 200;
const OTHERS = 'others';
const UNKNOWN = 'unknown';
const HOUR_MS = 3_600_000;

/** What events are counted as. No name of a person, a server or an image is in it. */
export class EventMetrics {
  constructor(registry: Registry) {
    const registers = [registry];
    this.deaths = new Counter({
      name: 'labkeeper_kernel_deaths_total',
      help: 'Kernels that died and nobody wanted to, by the cause of the verdict.',
      labelNames: ['cause'] as const,
      registers
    });
    // A rate counts from a series' first value on: without a zero the first death of each cause would be none.
    Cause.options.forEach(cause => this.deaths.inc({ cause }, 0));
    this.nodeDeaths = new Counter({
      name: 'labkeeper_node_kernel_deaths_total',
      help: `Kernels that died, by the machine that their server ran on; the first ${NODES} machines by themselves.`,
      labelNames: ['node'] as const,
      registers
    });
    this.kernelHours = new Counter({
      name: 'labkeeper_kernel_hours_total',
      help: 'Hours that kernels lived, all together.',
      registers
    });
    this.nodeKernelHours = new Counter({
      name: 'labkeeper_node_kernel_hours_total',
      help: 'Hours that kernels lived, by the machine that their server ran on.',
      labelNames: ['node'] as const,
      registers
    });
    this.kernelStarts = new Counter({
      name: 'labkeeper_kernel_starts_total',
      help: 'Kernels that were started.',
      registers
    });
    this.memoryHigh = new Counter({
      name: 'labkeeper_memory_high_total',
      help: 'Times that a server had more than 90 % of its memory in use for ten minutes.',
      registers
    });
    this.throttled = new Counter({
      name: 'labkeeper_throttled_total',
      help: 'Times that the CPU quota slowed a running cell for long.',
      registers
    });
    this.unsafeSaves = new Counter({
      name: 'labkeeper_saves_not_safe_total',
      help: 'Times that the journal of a server could not take a change.',
      registers
    });
    this.saves = new Counter({
      name: 'labkeeper_saves_total',
      help: 'Files that were saved.',
      registers
    });
    this.errors = new Counter({
      name: 'labkeeper_errors_total',
      help: 'Errors that ended a cell, by class; where policy asks for it.',
      labelNames: ['class'] as const,
      registers
    });
    this.lost = new Counter({
      name: 'labkeeper_events_lost_total',
      help: 'Events that servers say will never come, by why; of a loss without a number, one.',
      labelNames: ['why'] as const,
      registers
    });
    this.unsent = new Histogram({
      name: 'labkeeper_companion_unsent_records',
      help: 'Records of installs that a server had not sent yet, each time that it told of its kernels.',
      buckets: [0, 10, 100, 1000, 10_000],
      registers
    });
    this.unreadable = new Counter({
      name: 'labkeeper_events_unreadable_total',
      help: 'Events that could not be read; a newer companion may send some.',
      registers
    });
    this.purged = new Counter({
      name: 'labkeeper_events_deleted_total',
      help: 'Events that were deleted because their time was over.',
      registers
    });
    this.failures = new Counter({
      name: 'labkeeper_events_failures_total',
      help: 'Batches of events that the database did not take.',
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
