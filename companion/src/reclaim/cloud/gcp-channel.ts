import {
  parseMaintenanceEvent,
  parsePreempted,
  type Heard,
  type IMetadataText,
  type IReclaimStatement
} from '@labkeeper/core';
import type { IClock, IDisposable } from '../../clock.js';
import type { IChannelReport, IReclaimChannel } from '../channel.js';
import { MetadataClient, MetadataProblem } from './metadata-client.js';
import { PatientLoop } from './patient-loop.js';

/** A question that waits for a change is answered after this long at the latest (Google's guest agent asks so too). */
const WAIT_SECONDS = 60;
/** What an answer may take beyond that. */
const LATE_MS = 10_000;
/** An answer within this time did not wait. */
const AT_ONCE_MS = 1000;
/** Who answers at once and with nothing new does not know how to wait, and is asked at this pace. */
const POLL_MS = 5000;

/** Notices of Google Cloud: preemption and host maintenance. Two questions wait, so a change is known at once. */
export class GcpChannel implements IReclaimChannel {
  readonly name = 'gcp';

  constructor(private readonly options: { readonly baseUrl: string; readonly clock: IClock }) {}

  start(report: IChannelReport): IDisposable {
    const { clock } = this.options;
    const client = new MetadataClient({ ...this.options, sockets: 2 });
    const said = new Map<string, readonly IReclaimStatement[]>();
    const loops: PatientLoop[] = [];
    let disposed = false;
    const watch = (key: string, parse: Parse, answered: () => void): void => {
      const value = new WatchedValue(client, clock, key, parse);
      const ask = async (): Promise<number> => {
        const { statements, delayMs } = await value.ask();
        said.set(key, statements);
        report.says([...said.values()].flat());
        answered();
        return delayMs;
      };
      loops.push(
        new PatientLoop({
          clock,
          who: 'The metadata service of Google Cloud',
          trouble: sentence => report.trouble(sentence),
          ask
        })
      );
    };
    watch('instance/preempted', parsePreempted, () => {
      // Only where the first is answered: GKE's own metadata server knows neither.
      if (loops.length === 1 && !disposed) {
        watch('instance/maintenance-event', parseMaintenanceEvent, () => undefined);
      }
    });
    return {
      dispose: () => {
        disposed = true;
        loops.forEach(loop => loop.dispose());
        client.dispose();
      }
    };
  }
}

type Parse = (answer: IMetadataText, sinceMs: number) => Heard;

/** One value of the metadata server, and whether it changed. */
class WatchedValue {
  constructor(
    private readonly client: MetadataClient,
    private readonly clock: IClock,
    private readonly key: string,
    private readonly parse: Parse
  ) {}

  /** Asks for the value, the first time at once, later when it has changed. @throws MetadataProblem */
  async ask(): Promise<{ readonly statements: readonly IReclaimStatement[]; readonly delayMs: number }> {
    const startMs = this.clock.monotonicMs();
    const query =
      this.etag === null
        ? ''
        : `?wait_for_change=true&timeout_sec=${WAIT_SECONDS}&last_etag=${encodeURIComponent(this.etag)}`;
    const answer = await this.client.ask({
      path: `/computeMetadata/v1/${this.key}${query}`,
      headers: { 'metadata-flavor': 'Google' },
      ...(this.etag === null ? {} : { answerMs: WAIT_SECONDS * 1000 + LATE_MS })
    });
    if (answer.status === 503) {
      // It moves to another host: back within a second.
      throw new MetadataProblem('answered 503');
    }
    if (answer.header('metadata-flavor') !== 'Google') {
      throw new MetadataProblem(`answered ${answer.status} without saying that it is Google's`);
    }
    const changed = answer.text !== this.text;
    const sinceMs = changed ? Math.round(this.clock.wallMs()) : this.sinceMs;
    const heard = this.parse(answer, sinceMs);
    if (heard.says === 'nonsense') {
      throw new MetadataProblem(heard.reason);
    }
    this.text = answer.text;
    this.sinceMs = sinceMs;
    this.etag = answer.header('etag');
    const waited = this.clock.monotonicMs() - startMs >= AT_ONCE_MS;
    return {
      statements: heard.says === 'notices' ? heard.notices : [],
      // Never at once after an answer that came at once: a server gone mad must not keep us busy.
      delayMs: waited ? 0 : changed ? AT_ONCE_MS : POLL_MS
    };
  }

  private text: string | null = null;
  /** Since when it has had this value, wall clock. */
  private sinceMs = 0;
  private etag: string | null = null;
}
