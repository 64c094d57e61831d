import type { AuditState, Death, Receiver, SwitchablePart } from '@labkeeper/protocol';
import { AuditDesk, type KeepForPage } from '../audit/audit-desk.js';
import type { IAuditEnvironment } from '../audit/audit-environment.js';
import { AuditLog, type IAuditHealth } from '../audit/audit-log.js';
import type { IClock } from '../clock.js';
import type { IEnvironment } from '../environment.js';
import { HubFolder } from '../hub/hub-folder.js';
import type { Log } from '../log.js';
import { OutgoingDesk } from '../outgoing/outgoing-desk.js';
import type { PartSwitches } from '../policy/part-switches.js';
import { watchPolicy, type IWatchedPolicy, type IWatchedPolicyHealth } from '../policy/watch-policy.js';
import { serverId, serverLives } from '../recorder/server-id.js';
import { requestDesk, type RequestDesk } from '../requests/request-desk.js';
import { reportEvents, type IReportedEvents } from '../server-events/report-events.js';
import type { ServerEvents } from '../server-events/server-events.js';

export interface IHubSideOptions {
  readonly environment: IEnvironment;
  /** null = nothing is recorded, and no hub service is named. */
  readonly audit: IAuditEnvironment | null;
  readonly clock: IClock;
  readonly log: Log;
  readonly boot: string;
  readonly procRoot: string;
  readonly switches: PartSwitches;
  readonly deaths: () => readonly Death[];
  /** How the audited log stands has changed. */
  readonly auditChanged: () => void;
  /** The hub's policy switched these parts off or on. */
  readonly switched: (parts: readonly SwitchablePart[]) => void;
}

/** All that speaks with the hub service: the audited log, policy, requests and events; and what pages are told of it. */
export class HubSide {
  constructor(options: IHubSideOptions) {
    const { environment, audit, clock, log, boot, procRoot, switches, deaths } = options;
    const { recorderPath: home, serverName } = environment;
    const service = audit?.serviceUrl ?? null;
    this.outgoing = new OutgoingDesk(clock, service);
    const outgoing = this.outgoing.ledger;
    const folder =
      audit === null || service === null || home === null
        ? null
        : new HubFolder({
            ...{ home, serverName, unique: boot },
            place: { service: service.href, user: audit.user ?? null }
          });
    this.policy =
      audit &&
      watchPolicy({
        ...{ clock, log, outgoing, switches, folder },
        environment: audit,
        requestsChanged: () => this.requests.changed(),
        wanted: taken => this.events.want(taken),
        changed: parts => {
          options.switched(parts);
          this.audit?.switch(!switches.has('audit'));
        }
      });
    const tickets = this.policy?.tickets ?? null;
    this.reported = reportEvents({
      ...{ clock, log, boot, outgoing },
      environment: audit,
      tickets: () => tickets,
      spool: folder && {
        folder,
        serverId: serverId(procRoot, environment.serverPid ?? process.ppid),
        serverLives: id => serverLives(procRoot, id)
      },
      deaths: () => (switches.has('deaths') ? [] : deaths()),
      unsentRecords: () => this.audit?.health().waiting ?? 0
    });
    this.audit =
      audit === null || switches.has('audit') || home === null
        ? null
        : new AuditLog({
            ...{ clock, log, boot, outgoing, tickets, procRoot, home, serverName },
            environment: audit,
            serverPid: environment.serverPid,
            changed: () => this.auditDesk.changed(),
            listed: records => this.auditDesk.listed(records)
          });
    this.requests = requestDesk({ environment: audit, tickets, folder, clock, log, outgoing });
    this.auditDesk = new AuditDesk({ clock, source: this.audit, stateChanged: options.auditChanged });
  }

  /** Takes what happens here, for the hub. */
  get events(): ServerEvents {
    return this.reported.events;
  }

  /** How the audited log stands, for pages. */
  get auditState(): AuditState {
    return this.auditDesk.state;
  }

  /** When the hub said what its policy switches, if it has not answered since this start; null = it has, or never did. */
  get policySaidAtMs(): number | null {
    return this.policy?.saidAtMs ?? null;
  }

  /** Lets a page say what is for the hub. @returns to be called when the page is gone. */
  join(receiver: Receiver, keep: KeepForPage): () => void {
    const leaves = [
      this.auditDesk.join(receiver, keep),
      this.outgoing.join(receiver, keep),
      this.requests.join(receiver, keep)
    ];
    return () => leaves.forEach(leave => leave());
  }

  start(): void {
    this.audit?.start();
    this.policy?.start();
    this.reported.start();
    void this.requests.start();
  }

  health(): { readonly audit: IAuditHealth | null; readonly policy: IWatchedPolicyHealth | null } {
    return { audit: this.audit?.health() ?? null, policy: this.policy?.health() ?? null };
  }

  /** Ends everything, and sends what can still be sent. Never resolves, where the home hangs. */
  async close(orderly: boolean): Promise<void> {
    this.policy?.dispose();
    const counted = this.reported.close();
    this.auditDesk.dispose();
    this.outgoing.dispose();
    const kept = Promise.all([this.requests.close(), this.policy?.settled()]);
    await Promise.all([counted, this.audit?.close(orderly), kept]);
    this.policy?.tickets.dispose();
  }

  private readonly outgoing: OutgoingDesk;
  private readonly policy: IWatchedPolicy | null;
  private readonly reported: IReportedEvents;
  private readonly audit: AuditLog | null;
  private readonly requests: RequestDesk;
  private readonly auditDesk: AuditDesk;
}
