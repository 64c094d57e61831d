import { NearMaintenance, parseScheduledEvents, quoted, SteadyWall } from '@labkeeper/core';
import type { IClock, IDisposable } from '../../clock.js';
import type { IChannelReport, IReclaimChannel } from '../channel.js';
import { MetadataClient, MetadataProblem } from './metadata-client.js';
import { PatientLoop } from './patient-loop.js';

const EVENTS = '/metadata/scheduledevents?api-version=2020-07-01';
const NAME = '/metadata/instance/compute/name?api-version=2021-02-01&format=text';
const HEADERS = { metadata: 'true' };
/** Azure gives 30 s before it takes a spot machine and asks to look every second; this leaves 27 of them. */
const POLL_MS = 3000;
/** The first question switches the service on, which takes up to two minutes; so does one after a day of silence. */
const FIRST_ANSWER_MS = 125_000;
const ANSWER_MS = 5000;

/** Notices of Azure: scheduled events, which are only read. Approving one would shorten the notice for everybody. */
export class AzureChannel implements IReclaimChannel {
  readonly name = 'azure';

  constructor(private readonly options: { readonly baseUrl: string; readonly clock: IClock }) {}

  start(report: IChannelReport): IDisposable {
    const client = new MetadataClient(this.options);
    const loop = new PatientLoop({
      clock: this.options.clock,
      who: 'The metadata service of Azure',
      trouble: sentence => report.trouble(sentence),
      ask: () => this.ask(client, report)
    });
    return {
      dispose: () => {
        loop.dispose();
        client.dispose();
      }
    };
  }

  private async ask(client: MetadataClient, report: IChannelReport): Promise<number> {
    const { clock } = this.options;
    this.machine ??= await machineName(client);
    const answerMs = this.answered ? ANSWER_MS : FIRST_ANSWER_MS;
    this.answered = false;
    const heard = parseScheduledEvents(
      await client.ask({ path: EVENTS, headers: HEADERS, answerMs }),
      this.machine
    );
    if (heard.says === 'nonsense') {
      throw new MetadataProblem(heard.reason);
    }
    this.answered = true;
    const wallMs = this.steady.wallMs(clock.wallMs(), clock.monotonicMs());
    report.says(this.near.filter(heard.says === 'notices' ? heard.notices : [], wallMs));
    return POLL_MS;
  }

  private machine: string | null = null;
  private answered = false;
  private readonly near = new NearMaintenance();
  private readonly steady = new SteadyWall();
}

/** What Azure calls this machine: the events of all machines of a set come to each of them. */
async function machineName(client: MetadataClient): Promise<string> {
  const { status, text } = await client.ask({ path: NAME, headers: HEADERS, answerMs: ANSWER_MS });
  const name = text.trim();
  if (status !== 200 || !/^[\w.()-]{1,128}$/.test(name)) {
    throw new MetadataProblem(`answered ${status} with ${quoted(text)} for the name of the machine`);
  }
  return name;
}
