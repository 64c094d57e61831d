import { eventsKeptMs } from '@labkeeper/core';
import type { IAppOptions } from './app-options.js';
import { digestParts } from './digests/digest-parts.js';
import { hubParts } from './hubs/hub-parts.js';
import { EndedStreams } from './ingest/ended-streams.js';
import { logParts } from './ingest/log-parts.js';
import { sheddingParts } from './load/shedding-parts.js';
import { Metrics } from './metrics.js';
import { offboardingParts } from './offboard/offboarding-parts.js';
import { outgoingParts } from './outgoing/outgoing-parts.js';
import { PartitionKeeper } from './partitions/partition-keeper.js';
import { PolicyInForce } from './policy/policy-in-force.js';
import { PolicyStore } from './policy/policy-store.js';
import { requestParts } from './requests/request-parts.js';
import { retentionParts } from './retention/retention-parts.js';
import { eventParts } from './server-events/event-parts.js';
import { lateActs } from './store/late-acts.js';
import { OwnActs } from './store/own-acts.js';

/** All that is behind the listeners, each connected with what it needs. */
export type IServiceParts = ReturnType<typeof serviceParts>;

/** Makes them; nothing begins by itself. */
export function serviceParts(options: IAppOptions) {
  const { settings, database, keys, log, nowMs, monotonicMs } = options;
  const { hubId, stateFolder } = settings;
  const metrics = new Metrics(options.processMetrics ?? false);
  const { registry } = metrics;
  const base = { database, log, nowMs };
  const written = logParts({ database, metrics, nowMs, monotonicMs });
  const { writer, commit } = written;
  const digested = digestParts({ ...base, anchors: settings.anchors, keys, metrics, monotonicMs });
  const policy = new PolicyInForce({
    ...{ log, metrics },
    path: settings.policyFile,
    store: new PolicyStore(database, nowMs),
    ...(options.lookMs === undefined ? {} : { lookMs: options.lookMs })
  });
  const told = outgoingParts({ ...base, settings, policy, registry });
  const { outgoing } = told;
  const asked = requestParts({ ...base, writer, commit, policy, announce: act => told.requested(act) });
  const partitions = new PartitionKeeper({ ...base, registry });
  const ownActs = new OwnActs({ database, writer, keys, hubId });
  const acts = lateActs(ownActs, log);
  const retained = retentionParts({
    ...{ ...base, acts, monotonicMs, registry, hubId },
    policy: () => policy.active
  });
  const at = hubParts(options, registry, acts);
  const events = eventParts({
    ...{ ...base, monotonicMs, registry, hubs: at.hubs },
    keptMs: () => eventsKeptMs(policy.active.policy),
    announce: (speaker, event) => told.died(speaker, event)
  });
  const ended = new EndedStreams({ ...base, commit, monotonicMs });
  const load = sheddingParts({ registry, monotonicMs, lagMs: options.lagMs });
  const access = offboardingParts({ ...base, stateFolder, at, ownActs, acts, outgoing });
  return {
    ...{ metrics, written, digested, policy, outgoing, asked, partitions, acts },
    ...{ retained, at, events, ended, load, access },
    ownStream: () => ownActs.boot()
  };
}
