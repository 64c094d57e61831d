import type { Registry } from 'prom-client';
import { LoopLag } from './loop-lag.js';
import { Shedding } from './shedding.js';

export interface ISheddingPartsOptions {
  readonly registry: Registry;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** How late the event loop is, in ms; that of this process unless given. */
  readonly lagMs: (() => number) | undefined;
}

/** Who is put off while there is too much to do, as the event loop tells. */
export function sheddingParts({ registry, monotonicMs, lagMs }: ISheddingPartsOptions): {
  readonly shedding: Shedding;
  close(): void;
} {
  const lag = lagMs ? null : new LoopLag(monotonicMs);
  const shedding = new Shedding({
    ...{ registry, monotonicMs, random: Math.random },
    lagMs: lagMs ?? (() => lag?.lagMs() ?? 0)
  });
  return { shedding, close: () => lag?.close() };
}
