import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import type { IHubApi } from './hub-api/hub-api.js';
import type { IKeys } from './keys/keys.js';
import type { ISettings } from './settings.js';
import type { IShownAnchors } from './pages/anchor-state.js';
import type { IHolders } from './store/holders.js';
import type { ILegal } from './store/legal.js';
import type { LogRange } from './store/log-range.js';
import type { ILogReader } from './store/log-reader.js';

/** What pages are built from. They read the log and never write in it but for the looks, and what the law asks for. */
export interface IPagesParts {
  readonly reader: ILogReader;
  /** The log in its own order, for exports. */
  readonly range: LogRange;
  /** Who has which package. */
  readonly holders: IHolders;
  /** Holds and erasure. */
  readonly legal: ILegal;
  /** What holds the digests outside the service. */
  readonly anchors?: IShownAnchors;
  /** Has digests made for the records that have none yet. */
  readonly cover: () => Promise<void>;
  readonly hubApi: IHubApi;
  readonly settings: ISettings;
  readonly keys: IKeys;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Routes for people, at `/` of the pages' own host. Registered with its parts. */
export type PagesPlugin = FastifyPluginAsync<IPagesParts>;
