import type { ServerEvent } from '@labkeeper/protocol';
import type { Registry } from 'prom-client';
import type { Logger } from 'pino';
import type { PolicyInForce } from '../policy/policy-in-force.js';
import type { ISettings } from '../settings.js';
import type { IDatabase } from '../store/database.js';
import type { ISpeaker } from '../store/log-writer.js';
import type { IUnloggedAct } from '../store/request-acts.js';
import { deathAnnouncement } from './death-announcement.js';
import { Outgoing } from './outgoing.js';
import { OutgoingMetrics } from './outgoing-metrics.js';
import { requestAnnouncement } from './request-announcement.js';

export interface IOutgoingPartsOptions {
  readonly settings: Pick<ISettings, 'hubId' | 'build' | 'pages'>;
  readonly policy: PolicyInForce;
  readonly registry: Registry;
  readonly database: IDatabase;
  readonly log: Logger;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

export interface IOutgoingParts {
  readonly outgoing: Outgoing;
  /** Tells others what was done with a request. */
  requested(act: IUnloggedAct): Promise<void>;
  /** Tells others of a kernel that died; other events are nobody's news. */
  died(speaker: ISpeaker, event: ServerEvent): Promise<void>;
}

/** What goes out to others, and what they are told of. */
export function outgoingParts(options: IOutgoingPartsOptions): IOutgoingParts {
  const { settings, policy, registry, database, log, nowMs } = options;
  const outgoing = new Outgoing({
    ...{ database, log, nowMs },
    sender: { hubId: settings.hubId, build: settings.build },
    targets: () => policy.active.policy.target ?? [],
    metrics: new OutgoingMetrics(registry)
  });
  const announce = async (told: ReturnType<typeof deathAnnouncement>): Promise<void> => {
    if (told) {
      await outgoing.announce(told.announcement, told.place);
    }
  };
  return {
    outgoing,
    requested: act => announce(requestAnnouncement(act, settings.pages?.origin ?? null)),
    died: (speaker, event) => announce(deathAnnouncement(speaker, event, nowMs()))
  };
}
