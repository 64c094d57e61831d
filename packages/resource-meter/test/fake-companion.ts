import type { CompanionState, ICompanion, ICompanionInfo } from '@labkeeper/labkit';
import {
  encode,
  Receiver,
  type Death,
  type IDeclaration,
  type Kernel,
  type Notice,
  type Sample
} from '@labkeeper/protocol';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** A companion whose messages a test speaks. */
export class FakeCompanion implements ICompanion {
  state: CompanionState = 'connected';
  reason = '';
  info: ICompanionInfo | null = {
    build: '0.1.0',
    boot: 'boot-1',
    disabled: [],
    machine: { hostname: 'node-1', platform: 'linux', cpuModel: null, cpuCores: 2, memoryBytes: null },
    runbookUrl: null,
    serverName: ''
  };
  /** Frames that the page sent while connected. */
  readonly sent: string[] = [];
  sample: Sample | null = null;
  readonly recent = null;
  readonly day = null;
  readonly kernels: readonly Kernel[] = [];
  deaths: readonly Death[] = [];
  notices: readonly Notice[] = [];
  badFrames = 0;
  readonly waitingBytes = 0;
  readonly clockAheadMs = 0;
  readonly stateChanged: Signal<this, CompanionState> = new Signal<this, CompanionState>(this);
  readonly sampleTaken: Signal<this, Sample> = new Signal<this, Sample>(this);
  readonly historyChanged: Signal<this, void> = new Signal<this, void>(this);
  readonly kernelsChanged: Signal<this, readonly Kernel[]> = new Signal<this, readonly Kernel[]>(this);
  readonly deathSeen: Signal<this, Death> = new Signal<this, Death>(this);
  readonly deathsKnown: Signal<this, readonly Death[]> = new Signal<this, readonly Death[]>(this);
  readonly noticeGiven: Signal<this, Notice> = new Signal<this, Notice>(this);
  readonly noticesKnown: Signal<this, readonly Notice[]> = new Signal<this, readonly Notice[]>(this);

  isDisabled(part: string): boolean {
    return this.state === 'disabled' || (this.info?.disabled.includes(part) ?? false);
  }

  reconnect(): void {
    // A test says itself when the connection is back.
  }

  send(frame: string): boolean {
    if (this.state === 'connected') {
      this.sent.push(frame);
    }
    return this.state === 'connected';
  }

  listen(receiver: Receiver): IDisposable {
    return new DisposableDelegate(this.receiver.join(receiver));
  }

  /** The companion says something that this class has no method for. */
  say(declaration: IDeclaration, params: unknown): void {
    this.receiver.receive(encode(declaration, params));
  }

  hold(): IDisposable {
    return new DisposableDelegate(() => undefined);
  }

  sayDeath(death: Death): void {
    this.deaths = [...this.deaths.filter(each => each.id !== death.id), death];
    this.deathSeen.emit(death);
  }

  sayNotice(notice: Notice): void {
    this.notices = [...this.notices.filter(each => each.id !== notice.id), notice];
    this.noticeGiven.emit(notice);
  }

  connectWith(deaths: readonly Death[], notices: readonly Notice[] = []): void {
    this.deaths = deaths;
    this.notices = notices;
    this.become('connected');
    this.deathsKnown.emit(deaths);
    this.noticesKnown.emit(notices);
  }

  become(state: CompanionState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }

  saySample(sample: Sample): void {
    this.sample = sample;
    this.sampleTaken.emit(sample);
  }

  private readonly receiver = new Receiver();
}
