import type { IncomingMessage, ServerResponse } from 'node:http';
import { ReclaimBoard, type CloudVendor } from '@labkeeper/core';
import type { Reclaim } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { VariablesMode } from '../losses/loss-watch.js';
import type { IReclaimChannel } from './channel.js';
import { createCloudChannel, METADATA_URL } from './cloud/cloud-channel.js';
import { whichCloud } from './cloud/which-cloud.js';
import { CullChannel } from './cull-channel.js';
import { EndpointChannel } from './endpoint/endpoint-channel.js';
import type { IFlushed } from './endpoint/notice-handler.js';
import { FileChannel } from './file-channel.js';
import { PushChannel } from './push-channel.js';
import type { IReclaimEnvironment } from './reclaim-environment.js';
import { SignalChannel } from './signal-channel.js';
import { TrialChannel } from './trial-channel.js';
import { WallTimeChannel } from './wall-time-channel.js';

export interface IReclaimWatchOptions {
  readonly environment: IReclaimEnvironment;
  readonly clock: IClock;
  readonly log: Log;
  /** Called with all notices after every change. */
  readonly changed: (reclaims: readonly Reclaim[]) => void;
  /** Brings all work to safety for a hook that waits; see `INoticeHandlerOptions`. */
  readonly flush: (withinMs: number) => Promise<IFlushed | null>;
  /** For how long the hub has seen no activity, ms; null = not known, or in use. */
  readonly idleMs: () => number | null;
  /** Default `/sys`. */
  readonly sysRoot?: string;
  /** Default `http://169.254.169.254`. */
  readonly metadataUrl?: string;
}

/** Sentences that one channel may write into the log; a channel gone mad must not fill it. */
const SENTENCES = 8;

/** All channels by which a server hears that its end is near, and what they come to together. */
export class ReclaimWatch implements IDisposable {
  constructor(private readonly options: IReclaimWatchOptions) {
    const { environment, clock } = options;
    this.board = new ReclaimBoard(options.changed);
    this.signals = new SignalChannel();
    this.push = new PushChannel();
    this.trials = new TrialChannel(clock);
    this.endpoint = new EndpointChannel({ ...options, ...environment });
  }

  /** All notices, the earliest end first. */
  get reclaims(): readonly Reclaim[] {
    return this.board.reclaims;
  }

  /** When kernels are asked for their variables. */
  get variables(): VariablesMode {
    const { variables } = this.options.environment;
    return variables === 'auto' ? (this.isExpected ? 'idle' : 'notice') : variables;
  }

  /** The seat for what the hub's service pushes. */
  readonly push: PushChannel;

  /** The loopback endpoint. */
  readonly endpoint: EndpointChannel;

  /** Begins to listen on every channel. One that cannot start does not keep the others from it. */
  start(): void {
    const { clock, log } = this.options;
    this.options.environment.warnings.forEach(log);
    for (const channel of this.channels()) {
      const told = new Set<string>();
      const trouble = (sentence: string): void => {
        if (!told.has(sentence) && told.size < SENTENCES) {
          told.add(sentence);
          log(sentence);
        }
      };
      try {
        const started = channel.start({
          says: statements => {
            if (this.disposed) {
              return;
            }
            const now = { wallMs: Math.round(clock.wallMs()), monotonicMs: clock.monotonicMs() };
            for (const problem of this.board.hear(channel.name, statements, now)) {
              trouble(`A notice of a reclaim by ${channel.name} is not heeded: ${problem}.`);
            }
            this.plan();
          },
          trouble
        });
        this.started.push(started);
      } catch (error) {
        trouble(`Notices of a reclaim by ${channel.name} cannot be heard: ${reasonOf(error)}`);
      }
    }
  }

  /** The process got a signal to end. */
  signal(name: string): void {
    this.signals.noticed(name);
  }

  /** The server stops, asked by its user, the hub or a signal of its own: pages hear it, and send their last changes. */
  serverStops(): void {
    this.signals.noticed('the server');
  }

  /** Begins a trial reclaim in so many seconds, in the place of one that runs; 0 ends the one that runs. */
  trial(seconds: number): void {
    this.trials.begin(seconds);
  }

  /** Answers a request to `NOTICE_PATH` on the companion's own socket. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    this.endpoint.handle(request, response);
  }

  dispose(): void {
    this.disposed = true;
    this.started.splice(0).forEach(channel => channel.dispose());
    this.timer?.dispose();
    this.timer = null;
  }

  private channels(): IReclaimChannel[] {
    const { environment, clock, idleMs, sysRoot = '/sys', metadataUrl = METADATA_URL } = this.options;
    const { filePath, cloud, jobEnds, endWarningMs, cull } = environment;
    const vendor = cloud === 'auto' ? unasked(whichCloud(sysRoot)) : cloud === 'off' ? null : cloud;
    const channels: IReclaimChannel[] = [this.signals, this.push, this.trials, this.endpoint];
    this.isExpected =
      filePath !== null ||
      environment.port !== null ||
      vendor !== null ||
      jobEnds.length > 0 ||
      cull !== null;
    if (filePath !== null) {
      channels.push(new FileChannel({ path: filePath, clock }));
    }
    if (vendor !== null) {
      channels.push(createCloudChannel(vendor, { baseUrl: metadataUrl, clock }));
    }
    if (jobEnds.length > 0) {
      channels.push(new WallTimeChannel({ clock, ends: jobEnds, warningMs: endWarningMs }));
    }
    if (cull !== null) {
      channels.push(new CullChannel({ ...cull, clock, idleMs }));
    }
    return channels;
  }

  /** Looks again when something may end by itself. With no notice there is no timer. */
  private plan(): void {
    this.timer?.dispose();
    const { clock } = this.options;
    const delayMs = this.board.look(clock.monotonicMs());
    this.timer =
      delayMs === null ? null : clock.after(Math.min(delayMs, LONGEST_TIMER_MS), () => this.plan());
  }

  /** Somebody set up a way in which an end is told: it is to be expected. */
  private isExpected = false;
  private readonly board: ReclaimBoard;
  private readonly signals: SignalChannel;
  private readonly trials: TrialChannel;
  private readonly started: IDisposable[] = [];
  private timer: IDisposable | null = null;
  private disposed = false;
}

/**
 * The clouds that are asked without the administrator's word. Not Azure: the first question switches Scheduled Events on
 * for the whole machine, and from then on an administrator's own reboot waits for its notice to run out.
 */
function unasked(vendor: CloudVendor | null): CloudVendor | null {
  return vendor === 'azure' ? null : vendor;
}

/** Node's timers hold 24.8 days; deadlines may be further ahead. */
const LONGEST_TIMER_MS = 24 * 3600_000;
