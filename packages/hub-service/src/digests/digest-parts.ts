import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { anchorMetrics } from '../anchors/anchor-metrics.js';
import { AnchorQueue } from '../anchors/anchor-queue.js';
import type { IAnchorSettings } from '../anchors/anchor-settings.js';
import type { IKeys } from '../keys/keys.js';
import type { Metrics } from '../metrics.js';
import { shownAnchors, type IShownAnchors } from '../pages/anchor-state.js';
import type { IDatabase } from '../store/database.js';
import { SqlAnchors } from '../store/sql-anchors.js';
import { DigestMaker } from './digest-maker.js';
import { DigestSchedule } from './digest-schedule.js';

/** How long an export waits for its anchors, in ms. */
const ANCHOR_MS = 5000;

export interface IDigestPartsOptions {
  /** Where digests are anchored; undefined = nowhere. */
  readonly anchors: IAnchorSettings | undefined;
  readonly database: IDatabase;
  readonly keys: IKeys;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

export interface IDigestParts {
  readonly digests: DigestSchedule;
  /** How the anchors stand, for Status. */
  readonly shown: IShownAnchors;
  /** Has digests made for the records that have none yet, and anchored as far as that goes fast. */
  cover(): Promise<void>;
  start(): void;
  /** What is uncovered gets its digest. */
  close(): Promise<void>;
}

/** What signs digests of the log, and hands them to who holds them outside the service. */
export function digestParts(options: IDigestPartsOptions): IDigestParts {
  const { database, keys, metrics, log, nowMs, monotonicMs } = options;
  const settings = options.anchors ?? { targets: [], lateMs: Infinity };
  const anchors = new SqlAnchors(database);
  const queue = new AnchorQueue({ targets: settings.targets, anchors, log, nowMs });
  anchorMetrics({ settings, anchors, registry: metrics.registry, log, nowMs, monotonicMs });
  const digests = new DigestSchedule({
    maker: new DigestMaker({ database, keys, nowMs }),
    ...{ metrics, log, nowMs },
    made: () => void queue.run()
  });
  return {
    digests,
    shown: shownAnchors(settings, anchors),
    cover: async () => {
      await digests.make();
      // So that an export brings its anchors; one that is away holds up none for longer.
      await Promise.race([queue.run(), setTimeout(ANCHOR_MS, undefined, { ref: false })]);
    },
    start: () => {
      digests.start();
      queue.start();
    },
    close: async () => {
      await digests.close();
      await queue.close();
    }
  };
}
