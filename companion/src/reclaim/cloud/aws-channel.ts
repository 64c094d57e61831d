import {
  NearMaintenance,
  parseLifecycleState,
  parseRebalance,
  parseScheduledMaintenance,
  parseSpotAction,
  SteadyWall,
  type Heard,
  type IMetadataText,
  type IReclaimStatement
} from '@labkeeper/core';
import type { IClock, IDisposable } from '../../clock.js';
import type { IChannelReport, IReclaimChannel } from '../channel.js';
import { AwsToken } from './aws-token.js';
import { MetadataClient, MetadataProblem } from './metadata-client.js';
import { PatientLoop } from './patient-loop.js';

/** AWS asks to look every 5 s; of the two minutes' notice that leaves at least 115 s. */
const SPOT_MS = 5000;
/** After a recommendation to rebalance the notice is likelier: the pace of AWS's own node termination handler. */
const RISK_MS = 2000;
/** A scaling group's word comes minutes before, where its hook makes it wait at all. */
const LIFECYCLE_MS = 15_000;
/** Reboots are announced hours ahead, recommendations minutes. */
const MAINTENANCE_MS = 60_000;

/** Notices of AWS: spot interruption, scaling group, scheduled maintenance. */
export class AwsChannel implements IReclaimChannel {
  readonly name = 'aws';

  constructor(private readonly options: { readonly baseUrl: string; readonly clock: IClock }) {}

  start(report: IChannelReport): IDisposable {
    const { clock } = this.options;
    const client = new MetadataClient(this.options);
    const token = new AwsToken(client, clock);
    const loop = new PatientLoop({
      clock,
      who: 'The metadata service of AWS',
      trouble: sentence => report.trouble(sentence),
      ask: () => this.ask(path => get(client, token, path), report)
    });
    return {
      dispose: () => {
        loop.dispose();
        client.dispose();
      }
    };
  }

  private async ask(read: (path: string) => Promise<IMetadataText>, report: IChannelReport): Promise<number> {
    const { clock } = this.options;
    const spot = parseSpotAction(await read('spot/instance-action'));
    if (spot.says === 'nonsense') {
      // Whoever answers this is not AWS.
      throw new MetadataProblem(spot.reason);
    }
    this.take('spot', spot, report);
    // At once: the others may fail to answer.
    this.say(report);
    const nowMs = clock.monotonicMs();
    if (nowMs >= this.lifecycleAtMs) {
      this.lifecycleAtMs = nowMs + LIFECYCLE_MS;
      this.take('lifecycle', parseLifecycleState(await read('autoscaling/target-lifecycle-state')), report);
    }
    if (nowMs >= this.maintenanceAtMs) {
      this.maintenanceAtMs = nowMs + MAINTENANCE_MS;
      const scheduled = await read('events/maintenance/scheduled');
      this.take('maintenance', parseScheduledMaintenance(scheduled, this.wallMs()), report);
      this.risk = parseRebalance(await read('events/recommendations/rebalance')) ?? this.risk;
    }
    this.say(report);
    return this.risk ? RISK_MS : SPOT_MS;
  }

  /** Keeps what one of the paths said; nonsense changes nothing. */
  private take(path: string, heard: Heard, report: IChannelReport): void {
    if (heard.says === 'nonsense') {
      report.trouble(`AWS: ${heard.reason}`);
    } else {
      this.said.set(path, heard.says === 'notices' ? heard.notices : []);
    }
  }

  private say(report: IChannelReport): void {
    report.says(this.near.filter([...this.said.values()].flat(), this.wallMs()));
  }

  private wallMs(): number {
    const { clock } = this.options;
    return this.steady.wallMs(clock.wallMs(), clock.monotonicMs());
  }

  private readonly said = new Map<string, readonly IReclaimStatement[]>();
  private readonly near = new NearMaintenance();
  private readonly steady = new SteadyWall();
  private lifecycleAtMs = -Infinity;
  private maintenanceAtMs = -Infinity;
  private risk = false;
}

/** Reads one path, with a new token when the old one is refused. @throws MetadataProblem */
async function get(client: MetadataClient, token: AwsToken, path: string): Promise<IMetadataText> {
  for (let attempt = 0; ; attempt++) {
    const text = await token.read();
    const headers: Record<string, string> = text === null ? {} : { 'x-aws-ec2-metadata-token': text };
    const answer = await client.ask({ path: `/latest/meta-data/${path}`, headers });
    if (answer.status !== 401) {
      return answer;
    }
    if (text === null || attempt > 0) {
      throw new MetadataProblem(
        text === null ? 'gives no token, and no answer without one (401)' : 'refuses its own token (401)'
      );
    }
    token.forget();
  }
}
