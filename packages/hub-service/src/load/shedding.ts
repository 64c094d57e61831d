import { comeAgainMs, isPutOff, loadAfter, type Demand, type Load } from '@labkeeper/core';
import { HUB_PATHS } from '@labkeeper/protocol';
import type { FastifyRequest } from 'fastify';
import { Counter, Gauge, type Registry } from 'prom-client';
import { TokenBuckets } from '../ingest/token-buckets.js';
import { Refusal } from '../refusal.js';

export interface ISheddingOptions {
  /** How late the event loop is, in ms. */
  readonly lagMs: () => number;
  readonly registry: Registry;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** So many are let in however much there is to do: what keeps the service busy may not be them. */
const LET_IN = { perSecond: 50, burst: 100 };
/** Of those that were put off it is counted over this time, in ms. */
const LATELY_MS = 10_000;

/**
 * Puts off who can wait while the event loop is late: after a restart thousands of companions come at once, and without this
 * each would keep the others from an answer in time. It is decided from the method and the address alone, before a ticket or a
 * token is looked at and a body is read.
 */
export class Shedding {
  constructor(private readonly options: ISheddingOptions) {
    const { registry, monotonicMs } = options;
    this.letIn = new TokenBuckets({ ...LET_IN, monotonicMs });
    this.putOff = new Counter({
      name: 'labkeeper_put_off_total',
      help: 'Requests that were put off because there was too much to do, by what they wanted.',
      labelNames: ['demand'] as const,
      registers: [registry]
    });
    for (const demand of ['arrival', 'return']) {
      this.putOff.inc({ demand }, 0);
    }
    this.lag = new Gauge({
      name: 'labkeeper_loop_lag_seconds',
      help: 'How late the event loop is.',
      registers: [registry],
      collect: () => this.lag.set(options.lagMs() / 1000)
    });
  }

  /** @returns how a request is put off; null = it is not. */
  refusal(request: Pick<FastifyRequest, 'method' | 'routeOptions' | 'url'>): Refusal | null {
    const demand = demandOf(request);
    if (demand === 'record') {
      return null;
    }
    this.load = loadAfter(this.load, this.options.lagMs());
    if (!isPutOff(this.load, demand) || this.letIn.take('', 1) === 0) {
      return null;
    }
    this.putOff.inc({ demand });
    return new Refusal(
      503,
      'unavailable',
      'The service has too much to do at the moment.',
      comeAgainMs(this.lately(), this.options.random())
    );
  }

  /** How many were put off in the last ten seconds or so, this one among them. */
  private lately(): number {
    const nowMs = this.options.monotonicMs();
    if (nowMs - this.since.ms >= LATELY_MS) {
      this.before = nowMs - this.since.ms < 2 * LATELY_MS ? this.since.count : 0;
      this.since = { ms: nowMs, count: 0 };
    }
    this.since.count += 1;
    // What the time before had of it counts as far as it is still in these ten seconds.
    return this.since.count + this.before * (1 - (nowMs - this.since.ms) / LATELY_MS);
  }

  private readonly letIn: TokenBuckets;
  private readonly putOff: Counter<'demand'>;
  private readonly lag: Gauge;
  private load: Load = 'calm';
  private since = { ms: 0, count: 0 };
  private before = 0;
}

function demandOf({
  method,
  routeOptions,
  url
}: Pick<FastifyRequest, 'method' | 'routeOptions' | 'url'>): Demand {
  const path = routeOptions.url ?? '';
  if (method === 'POST' && path.endsWith(`/${HUB_PATHS.ticket}`)) {
    return 'arrival';
  }
  if (method === 'GET' && path.endsWith(`/${HUB_PATHS.events}`)) {
    // Who has seen an answer is here already.
    return /[?&]seen=/.test(url) ? 'return' : 'arrival';
  }
  return method === 'POST' && path.endsWith(`/${HUB_PATHS.serverEvents}`) ? 'return' : 'record';
}
