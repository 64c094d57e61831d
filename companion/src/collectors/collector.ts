/**
 * One thing that can be measured (after node_exporter's collectors). `collect` never throws and is cheap enough to
 * be called once a second for ever.
 */
export interface ICollector<T> {
  /** What people and metrics call it. */
  readonly name: string;
  /** Why the last `collect` gave null, a clause for a log; null = it gave something. */
  readonly reason: string | null;
  collect(): T | null;
  close(): void;
}
