import type { DirectoryPolicy } from '@labkeeper/protocol';
import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import type { HubScope } from './hubs/hub-scope.js';
import type { Hubs } from './hubs/hubs.js';
import type { IKeys } from './keys/keys.js';
import type { ISavedViews } from './pages/saved-views.js';
import type { ISessionStore } from './people/session-store.js';
import type { Reach, ReadersOf } from './people/support-right.js';
import type { IRequestParts } from './requests/request-routes.js';
import type { Offboarding } from './offboard/offboarding.js';
import type { IAgain } from './outgoing/message-queue.js';
import type { IOutgoingState } from './outgoing/outgoing-state.js';
import type { ISettings } from './settings.js';
import type { IShownAnchors } from './pages/anchor-state.js';
import type { IShownPartitions } from './partitions/partition-keeper.js';
import type { IHolders } from './store/holders.js';
import type { ILegal } from './store/legal.js';
import type { LogRange } from './store/log-range.js';
import type { ILogReader } from './store/log-reader.js';
import type { IServerEventReader } from './store/server-events.js';
import type { ShownRetention } from './store/shown-retention.js';

/** What pages are built from. They read the log and never write in it but for the looks, and what the law asks for. */
export interface IPagesParts {
  readonly reader: ILogReader;
  /** The log in its own order, for exports. */
  readonly range: LogRange;
  /** Who has which package. */
  readonly holders: IHolders;
  /** Holds and erasure. */
  readonly legal: ILegal;
  /** Who has signed in. */
  readonly sessions: ISessionStore;
  /** Views of the log that people gave names. */
  readonly views: ISavedViews;
  /** What is wrong with the policy file; null = nothing. */
  readonly policyTrouble: () => string | null;
  /** Requests, and what is said of verdicts. */
  readonly asked: IRequestParts;
  /** How it stands with what goes out to others. */
  readonly outgoing: () => Promise<IOutgoingState>;
  /** Makes messages that were given up wait again; says how many. */
  readonly again: (which: IAgain) => Promise<number>;
  /** Deaths and other events of servers. */
  readonly events: IServerEventReader;
  /** Ends somebody's access. */
  readonly offboarding: Offboarding;
  /** What the policy says of the firm's directory. */
  readonly directory: () => DirectoryPolicy | null;
  /** What holds the digests outside the service. */
  readonly anchors?: IShownAnchors;
  /** How the deletion of what is older than its time stands. */
  readonly retention?: ShownRetention;
  /** How the months of the log stand; null = there are none. */
  readonly partitions?: () => Promise<IShownPartitions | null>;
  /** Has digests made for the records that have none yet. */
  readonly cover: () => Promise<void>;
  readonly hubs: Hubs;
  /** What people of a hub are limited to. */
  readonly scope: HubScope;
  /** Which other hubs' logs somebody may read now. */
  readonly reach: Reach;
  /** Who of other hubs may read a hub's log now. */
  readonly readersOf: ReadersOf;
  readonly settings: ISettings;
  readonly keys: IKeys;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** Routes for people, at `/` of the pages' own host. Registered with its parts. */
export type PagesPlugin = FastifyPluginAsync<IPagesParts>;
