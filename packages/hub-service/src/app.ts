import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { sql } from 'kysely';
import { eventsKeptMs } from '@labkeeper/core';
import { listedErasures } from './backup/listed-erasures.js';
import { anchorMetrics } from './anchors/anchor-metrics.js';
import { AnchorQueue } from './anchors/anchor-queue.js';
import { DigestMaker } from './digests/digest-maker.js';
import { DigestSchedule } from './digests/digest-schedule.js';
import { reasonOf } from './failure.js';
import type { IAccessApi } from './hub-api/access-api.js';
import type { IHubApi } from './hub-api/hub-api.js';
import type { IServerRunsApi } from './hub-api/server-runs-api.js';
import type { IRunningServersApi } from './hub-api/running-servers-api.js';
import type { IHubTrouble } from './hubs/hub-entry.js';
import { hubMetrics } from './hubs/hub-metrics.js';
import { ONE_HUB, OWN_HUB } from './hubs/hub-scope.js';
import { Hubs, type IHubLinks } from './hubs/hubs.js';
import { GroupCommit } from './ingest/group-commit.js';
import { RATES, type IRates } from './ingest/record-routes.js';
import { SECRETS, type IKeys } from './keys/keys.js';
import { LoopLag } from './load/loop-lag.js';
import { Shedding } from './load/shedding.js';
import { machineListener } from './machine-listener.js';
import { Metrics } from './metrics.js';
import { shownAnchors } from './pages/anchor-state.js';
import { pagesServer } from './pages/pages-server.js';
import type { IPagesParts, PagesPlugin } from './pages-seam.js';
import { Offboarding } from './offboard/offboarding.js';
import { serversStep, sessionsStep, tokensStep } from './offboard/steps.js';
import { deathAnnouncement } from './outgoing/death-announcement.js';
import { Outgoing } from './outgoing/outgoing.js';
import { requestAnnouncement } from './outgoing/request-announcement.js';
import { OutgoingMetrics } from './outgoing/outgoing-metrics.js';
import { PartitionKeeper } from './partitions/partition-keeper.js';
import { PolicyInForce } from './policy/policy-in-force.js';
import { PolicyStore } from './policy/policy-store.js';
import { requestParts } from './requests/request-parts.js';
import { retentionParts } from './retention/retention-parts.js';
import type { ISettings } from './settings.js';
import { eventParts } from './server-events/event-parts.js';
import { sharedAnswer } from './shared-answer.js';
import type { IDatabase } from './store/database.js';
import { LogRange } from './store/log-range.js';
import { OwnActs } from './store/own-acts.js';
import { SqlAnchors } from './store/sql-anchors.js';
import { SqlHolders } from './store/sql-holders.js';
import { entriesAt } from './store/own-entries.js';
import { SqlLogReader } from './store/sql-log-reader.js';
import { SqlSavedViews } from './store/sql-saved-views.js';
import { SqlSessionStore } from './store/sql-session-store.js';
import { SqlLogWriter } from './store/sql-log-writer.js';
import { SqlServerEventReader } from './store/sql-server-event-reader.js';
import { StoredStretches } from './store/stored-stretches.js';
import { lateActs } from './store/late-acts.js';
import { TicketOffice } from './tickets/ticket-office.js';
import { Tickets } from './tickets/ticket.js';

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
  /** Hubs beside that of the settings; absent = there is none, and never was. */
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

/** Hubs beside the first. */
export interface IFurtherHubs {
  readonly links: readonly IHubLinks[];
  /** What is wrong with their file. */
  readonly troubles: readonly IHubTrouble[];
  /** Whether there is or ever was one, so that people of a hub are limited to it. */
  readonly isKnown: boolean;
}

export interface IApp {
  /** Companions, JupyterHub, Prometheus. Whoever made the app lets it listen. */
  readonly machine: FastifyInstance;
  /** People, on the pages' own host; null = settings name none. */
  readonly pages: FastifyInstance | null;
  readonly digests: DigestSchedule;
  readonly policy: PolicyInForce;
  /** `announce` tells others. */
  readonly outgoing: Outgoing;
  /** Begins with the digests, and with reading which servers run. */
  start(): void;
  /** Ends in order: what came is stored and answered, a digest covers it. The database stays open. */
  close(): Promise<void>;
}

/** Records of one transaction, at most (facts of November 2026: more makes others wait, fewer costs a sync for each). */
const GROUP_RECORDS = { sqlite: 300, postgres: 600 } as const;
/** Forty groups a second at most, unless they are full: ten thousand companions share the cost of a group by fours and fives. */
const GROUP_PACE_MS = 25;
/** How long the database's word counts that it answers, in ms. */
const READY_MS = 1000;
/** How long an export waits for its anchors, in ms. */
const ANCHOR_MS = 5000;
/** Records that wait, at most: about 100 MB. */
const WAITING_RECORDS = 30_000;

/** Connects all parts of the service. Nothing here reads the process's own environment, clock or arguments. */
export function createApp(options: IAppOptions): IApp {
  const { settings, database, keys, hubApi, log, nowMs, monotonicMs } = options;
  const metrics = new Metrics(options.processMetrics ?? false);
  const reader = new SqlLogReader(database, nowMs);
  const writer = new SqlLogWriter(database, nowMs);
  const commit = new GroupCommit({
    writer,
    groupRecords: GROUP_RECORDS[database.kind],
    waitingRecords: WAITING_RECORDS,
    paceMs: GROUP_PACE_MS,
    monotonicMs,
    committed: (records, tookMs) => {
      metrics.records.inc(records);
      metrics.groupSeconds.observe(tookMs / 1000);
    }
  });
  const anchors = settings.anchors ?? { targets: [], lateMs: Infinity };
  const sqlAnchors = new SqlAnchors(database);
  const anchorQueue = new AnchorQueue({ targets: anchors.targets, anchors: sqlAnchors, log, nowMs });
  const { registry } = metrics;
  anchorMetrics({ settings: anchors, anchors: sqlAnchors, registry, log, nowMs, monotonicMs });
  const digests = new DigestSchedule({
    maker: new DigestMaker({ database, keys, nowMs }),
    metrics,
    log,
    nowMs,
    made: () => void anchorQueue.run()
  });
  const policy = new PolicyInForce({
    ...{ log, metrics },
    path: settings.policyFile,
    store: new PolicyStore(database, nowMs),
    ...(options.lookMs === undefined ? {} : { lookMs: options.lookMs })
  });
  const outgoing = new Outgoing({
    ...{ database, log, nowMs },
    sender: { hubId: settings.hubId, build: settings.build },
    targets: () => policy.active.policy.target ?? [],
    metrics: new OutgoingMetrics(metrics.registry)
  });
  const asked = requestParts({
    ...{ database, writer, commit, policy, log, nowMs },
    announce: async act => {
      const told = requestAnnouncement(act, settings.pages?.origin ?? null);
      if (told) {
        await outgoing.announce(told.announcement, told.place);
      }
    }
  });
  const partitions = new PartitionKeeper({ database, registry: metrics.registry, log, nowMs });
  const ownActs = new OwnActs({ database, writer, keys, hubId: settings.hubId });
  const acts = lateActs(ownActs, log);
  const { retention, shown: shownRetention } = retentionParts({
    ...{ database, acts, log, nowMs, monotonicMs, registry: metrics.registry, hubId: settings.hubId },
    policy: () => policy.active
  });
  const tickets = new Tickets(keys.secret(SECRETS.ticket), nowMs);
  const further = options.further ?? { links: [], troubles: [], isKnown: false };
  const scope = further.isKnown ? OWN_HUB : ONE_HUB;
  const hubs = new Hubs({
    first: {
      ...{ id: settings.hubId, hubApi, runningServers: options.runningServers ?? null },
      ...{ serverRuns: options.serverRuns ?? null, accessApi: options.accessApi ?? null }
    },
    further: further.links,
    ...{ troubles: further.troubles, log, nowMs, monotonicMs }
  });
  hubMetrics(metrics.registry, hubs);
  const events = eventParts({
    ...{ database, log, nowMs, monotonicMs },
    registry: metrics.registry,
    hubs,
    keptMs: () => eventsKeptMs(policy.active.policy),
    announce: async (speaker, event) => {
      const told = deathAnnouncement(speaker, event, nowMs());
      if (told) {
        await outgoing.announce(told.announcement, told.place);
      }
    }
  });
  const lag = options.lagMs ? null : new LoopLag(monotonicMs);
  const shedding = new Shedding({
    ...{ registry, monotonicMs, random: Math.random },
    lagMs: options.lagMs ?? (() => lag?.lagMs() ?? 0)
  });
  const machine = machineListener({
    shedding,
    serverEvents: events,
    office: new TicketOffice({
      ...{ hubId: settings.hubId, hubApi, tickets, monotonicMs },
      ...{ checks: hubs.first.checks, running: hubs.first.running },
      further: hubs.further.map(hub => ({ hubId: hub.id, ...hub })),
      isOneOfSeveral: options.further !== undefined
    }),
    ...{ writer, reader, commit, keys, policy, metrics, log, nowMs, monotonicMs, asked },
    stretches: new StoredStretches(database),
    entriesAt: places => entriesAt(database, places),
    prefix: settings.prefix,
    rates: options.rates ?? RATES,
    // Anybody may ask, as often as she likes, and the log is written over the same connections.
    isReady: sharedAnswer(() => answers(database, log), READY_MS, monotonicMs),
    ...(options.holdMs === undefined ? {} : { holdMs: options.holdMs })
  });
  const legal = listedErasures(database, nowMs, acts, settings.stateFolder, scope);
  const offboarding = new Offboarding({
    ...{ database, legal, outgoing, log, nowMs },
    acts: { flush: () => acts.flush(), find: id => ownActs.find(id) },
    steps: hub => {
      const access = hubs.get(hub)?.accessApi;
      return access ? [sessionsStep(access), serversStep(access), tokensStep(access)] : [];
    },
    isKnown: async (hub, user) => {
      const access = hubs.get(hub)?.accessApi;
      return access ? (await access.servers(user)) !== null : false;
    }
  });
  const pages =
    settings.pages &&
    pagesListener(options.pages ?? [], {
      ...{ reader, hubs, scope, settings, keys, log, nowMs, monotonicMs, asked },
      range: new LogRange(database),
      holders: new SqlHolders(database),
      sessions: new SqlSessionStore(database, keys.secret(SECRETS.session), nowMs),
      views: new SqlSavedViews(database, nowMs),
      policyTrouble: () => policy.trouble,
      ...{ legal, offboarding },
      directory: () => policy.active.policy.directory ?? null,
      outgoing: () => outgoing.state(),
      again: which => outgoing.again(which),
      events: new SqlServerEventReader(database),
      anchors: shownAnchors(anchors, sqlAnchors),
      retention: shownRetention,
      partitions: () => partitions.state(),
      cover: async () => {
        await acts.flush();
        await digests.make();
        // So that an export brings its anchors; one that is away holds up none for longer.
        await Promise.race([anchorQueue.run(), setTimeout(ANCHOR_MS, undefined, { ref: false })]);
      }
    });

  return {
    machine,
    pages,
    digests,
    policy,
    outgoing,
    start: () => {
      digests.start();
      partitions.start();
      asked.recorder.start();
      void asked.news.start();
      outgoing.start();
      // What a replica that ended had put down.
      void acts.flush();
      anchorQueue.start();
      retention.start();
      hubs.start();
      events.start();
    },
    close: async () => {
      hubs.close();
      await Promise.all([machine.close(), pages?.close()]);
      await policy.close();
      asked.news.close();
      await asked.recorder.close();
      await retention.close();
      await outgoing.close();
      await events.close();
      await partitions.close();
      await commit.drain();
      await digests.close();
      await anchorQueue.close();
      lag?.close();
    }
  };
}

/** Only plugins say what is on it: headers, sessions and limits are theirs. */
function pagesListener(plugins: readonly PagesPlugin[], parts: IPagesParts): FastifyInstance {
  const fastify = pagesServer(parts.log);
  for (const plugin of plugins) {
    fastify.register(plugin, parts);
  }
  return fastify;
}

async function answers(database: IDatabase, log: Logger): Promise<boolean> {
  try {
    await sql`select 1`.execute(database.read);
    return true;
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, 'The database does not answer.');
    return false;
  }
}
