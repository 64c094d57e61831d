import type { SwitchablePart } from '../../packages/protocol/lib/index.js';

/** What the bench tells a process of companions. */
export type FleetOrder =
  | {
      readonly do: 'start';
      readonly serviceUrl: string;
      /** One companion for each. */
      readonly tokens: readonly string[];
      /** They start evenly over this time. */
      readonly overMs: number;
      readonly recordsPerMinute: number;
    }
  /** From now on it counts who is back. */
  | { readonly do: 'cut' }
  | { readonly do: 'report' }
  | { readonly do: 'stop' };

/** What such a process says. Times are epoch ms, the machine's own. */
export interface IFleetReport {
  /** Of each companion; null = it is not back. */
  readonly backAtMs: readonly (number | null)[];
  /** Records that were not acknowledged. */
  readonly waiting: number;
  /** When each companion switched parts last, and which are off since; null = it did not yet. */
  readonly told: readonly ({ readonly atMs: number; readonly off: readonly SwitchablePart[] } | null)[];
  /** Questions and answers by second (epoch s) and name, such as `events`, `events 204`, `records did not answer within 20 s`. */
  readonly seconds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly cpuMs: number;
}
