import type { Generated } from 'kysely';

/** Tables of the short-lived events; no hash covers them. Times are epoch ms. */
export interface IServerEventTables {
  server_event: IServerEventTable;
  event_stream: IEventStreamTable;
  server_run: IServerRunTable;
  kernel_time: IKernelTimeTable;
  further_kernel_time: IFurtherKernelTimeTable;
}

export interface IServerEventTable {
  id: Generated<number>;
  server_id: number;
  person_id: number;
  /** As the person's groups were when it came. */
  group_set_id: number;
  /** What the companion knows it by. */
  event_id: string;
  kind: string;
  /** By the container's clock, and never later than it was received. */
  at_ms: number;
  received_at_ms: number;
  /** Of a death; null = another kind. */
  cause: string | null;
  /** Where the server ran, as the spawner says; null = not known. */
  node: string | null;
  image: string | null;
  /** The event as JSON. */
  body: string;
}

/** What is stored of one run of a companion. */
export interface IEventStreamTable {
  server_id: number;
  boot: string;
  seq: number;
  seen_at_ms: number;
}

/** Where a server ran since when, as the spawner says. */
export interface IServerRunTable {
  server_id: number;
  started_at_ms: number;
  node: string | null;
  image: string | null;
}

/** How long kernels lived on a day (UTC, days since the epoch), all users of the first hub together. '' = not known. */
export interface IKernelTimeTable {
  day: number;
  node: string;
  image: string;
  started: number;
  kernel_ms: number;
}

/** The same of further hubs. */
export interface IFurtherKernelTimeTable extends IKernelTimeTable {
  hub: string;
}
