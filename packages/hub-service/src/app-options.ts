import type { Logger } from 'pino';
import type { IAccessApi } from './hub-api/access-api.js';
import type { IHubApi } from './hub-api/hub-api.js';
import type { IRunningServersApi } from './hub-api/running-servers-api.js';
import type { IServerRunsApi } from './hub-api/server-runs-api.js';
import type { IFurtherHubs } from './hubs/hub-parts.js';
import type { IRates } from './ingest/record-routes.js';
import type { IKeys } from './keys/keys.js';
import type { PagesPlugin } from './pages-seam.js';
import type { ISettings } from './settings.js';
import type { IDatabase } from './store/database.js';

/** What the service is made of. */
export interface IAppOptions {
  readonly settings: ISettings;
  readonly database: IDatabase;
  readonly keys: IKeys;
  readonly hubApi: IHubApi;
  /** Absent = which servers run is not read; JupyterHub is asked about tokens alone. */
  readonly runningServers?: IRunningServersApi;
  /** Absent = where servers run is not read. */
  readonly serverRuns?: IServerRunsApi;
  /** Absent = nothing can be ended at JupyterHub. */
  readonly accessApi?: IAccessApi;
  /** Hubs beside that of the settings; absent = this replica was told of none. */
  readonly further?: IFurtherHubs;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** Routes of the pages' own listener, which is made only where settings name the pages' host. */
  readonly pages?: readonly PagesPlugin[];
  /** What one server may send; the usual unless given. */
  readonly rates?: IRates;
  /** How long a companion waits for news, and how often the policy file is looked at, in ms; the usual unless given. */
  readonly holdMs?: number;
  readonly lookMs?: { readonly usual: number; readonly settling: number };
  /** How late the event loop is, in ms; that of this process unless given. */
  readonly lagMs?: () => number;
  /** Metrics of the process too, which only one app of a process can have. */
  readonly processMetrics?: boolean;
}
