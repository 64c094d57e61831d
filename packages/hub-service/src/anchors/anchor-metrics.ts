import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { reasonOf } from '../failure.js';
import { sharedAnswer } from '../shared-answer.js';
import type { SqlAnchors } from '../store/sql-anchors.js';
import { targetName } from './anchor-queue.js';
import type { IAnchorSettings } from './anchor-settings.js';

export interface IAnchorMetricsOptions {
  readonly settings: IAnchorSettings;
  readonly anchors: Pick<SqlAnchors, 'state' | 'late'>;
  readonly registry: Registry;
  readonly log: Pick<Logger, 'warn'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** How long what was read of the database counts, in ms: anybody who may ask for metrics asks as often as she likes. */
const COUNTS_MS = 10_000;

/**
 * How the anchors stand, read from the database when metrics are asked for: also of a target that keeps the queue waiting, and
 * the same from every replica. Without targets there are no values.
 */
export function anchorMetrics(options: IAnchorMetricsOptions): void {
  const { registry, monotonicMs } = options;
  const gauge = (name: string, help: string): Gauge<'target'> =>
    new Gauge({
      ...{ name, help, labelNames: ['target'] as const, registers: [registry] },
      // Who is asked first reads for all of them.
      collect: () => read()
    });
  const waiting = gauge('labkeeper_audit_anchor_waiting_digests', 'Digests that a target does not have yet.');
  const late = gauge(
    'labkeeper_audit_anchor_late_digests',
    'Digests that a target does not have, though they are older than LABKEEPER_ANCHOR_LATE_HOURS.'
  );
  const altered = gauge(
    'labkeeper_audit_anchor_altered',
    '1 = what a target holds is not what this log says.'
  );
  const read = sharedAnswer(() => tell(options, { waiting, late, altered }), COUNTS_MS, monotonicMs);
}

async function tell(
  { settings, anchors, log, nowMs }: IAnchorMetricsOptions,
  gauges: Readonly<Record<'waiting' | 'late' | 'altered', Gauge<'target'>>>
): Promise<void> {
  for (const aim of settings.targets) {
    const target = targetName(aim);
    try {
      const state = await anchors.state(target);
      gauges.waiting.set({ target }, state.waiting);
      gauges.late.set({ target }, await anchors.late(target, nowMs() - settings.lateMs));
      gauges.altered.set({ target }, state.altered === null ? 0 : 1);
    } catch (error) {
      // The last that is known stays; that the database does not answer others tell.
      log.warn({ target, reason: reasonOf(error) }, 'How the anchors stand could not be read.');
    }
  }
}
