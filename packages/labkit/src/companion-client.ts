import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { DAY_HISTORY, HistoryRing, historyPoint, RECENT_HISTORY } from '@labkeeper/core';
import type { Death, History, Kernel, Notice, Sample } from '@labkeeper/protocol';
import {
  anyHello,
  companionHello,
  deathSeen,
  deathsKnown,
  encode,
  historyRead,
  kernelsChanged,
  noticeGiven,
  noticesKnown,
  pageHello,
  parseParams,
  PROTOCOL,
  Receiver,
  reclaimsKnown,
  sampleTaken,
  tick,
  visibilityChanged
} from '@labkeeper/protocol';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { askWhyAway, type IAwayReason } from './away-reason.js';
import { browserClock, type IClock } from './clock.js';
import type { CompanionState, ICompanion, ICompanionInfo } from './companion.js';
import { disabledParts, type IDisabledParts } from './disabled-parts.js';
import { KeptStates } from './kept-states.js';
import type { IPageVisibility } from './page-visibility.js';
import { TRANSLATION_DOMAIN } from './quantities.js';
import { ServerClock } from './server-clock.js';
import { ReconnectingSocket, type ISocket } from './reconnecting-socket.js';

/** Longest frame that is parsed, in characters. Both rings together are about 200 000. */
const MAX_FRAME = 8 * 1024 * 1024;
/** Past deaths and notices kept on the page. */
const MAX_EVENTS = 200;

/** What a client is made of. Tests give socket, clock, chance and question of their own. */
export interface ICompanionClientOptions {
  readonly serverSettings: ServerConnection.ISettings;
  readonly translator: ITranslator;
  readonly visibility: IPageVisibility;
  readonly client: 'lab' | 'notebook';
  /** This bundle's version. */
  readonly build: string;
  /** `LABKEEPER_DISABLE` as the server hands it to the page. */
  readonly disable: string;
  readonly openSocket?: (url: string) => ISocket;
  readonly clock?: IClock;
  readonly random?: () => number;
  readonly askWhy?: () => Promise<IAwayReason>;
}

/**
 * The page's link to its companion. It never throws and never rejects: whatever goes wrong is a `state` and a
 * `reason`. Nothing is sent by itself but the page's hello and whether it is visible.
 */
export class CompanionClient implements ICompanion, IDisposable {
  constructor(private readonly options: ICompanionClientOptions) {
    const { serverSettings, translator, visibility } = options;
    this.trans = translator.load(TRANSLATION_DOMAIN);
    this.switchedOff = disabledParts(options.disable);
    const openSocket = options.openSocket ?? (url => new serverSettings.WebSocket(url));
    this.socket = new ReconnectingSocket({
      open: () => openSocket(this.url()),
      clock: options.clock ?? browserClock,
      visibility,
      random: options.random ?? Math.random,
      opened: () => this.greet(),
      received: data => this.receive(data),
      away: why => this.onAway(why)
    });
    visibility.changed.connect(this.onVisibility, this);
    this.receiver.join(this.kept.receiver);
    if (this.switchedOff.all) {
      this.becomeDisabled(this.trans.__('Labkeeper was switched off by the administrator of this server.'));
    } else {
      this.socket.connect();
    }
  }

  get state(): CompanionState {
    return this._state;
  }
  get reason(): string {
    return this._reason;
  }
  get info(): ICompanionInfo | null {
    return this._info;
  }
  get sample(): Sample | null {
    return this._sample;
  }
  get recent(): History | null {
    return (this._recent ??= this.recentRing.read());
  }
  get day(): History | null {
    return (this._day ??= this.dayRing.read());
  }
  get kernels(): readonly Kernel[] {
    return this._kernels;
  }
  get deaths(): readonly Death[] {
    return this._deaths;
  }
  get notices(): readonly Notice[] {
    return this._notices;
  }
  get badFrames(): number {
    return this._badFrames;
  }
  get clockAheadMs(): number {
    return this.serverClock.aheadMs;
  }
  get stateChanged(): ISignal<this, CompanionState> {
    return this._stateChanged;
  }
  get sampleTaken(): ISignal<this, Sample> {
    return this._sampleTaken;
  }
  get historyChanged(): ISignal<this, void> {
    return this._historyChanged;
  }
  get kernelsChanged(): ISignal<this, readonly Kernel[]> {
    return this._kernelsChanged;
  }
  get deathSeen(): ISignal<this, Death> {
    return this._deathSeen;
  }
  get deathsKnown(): ISignal<this, readonly Death[]> {
    return this._deathsKnown;
  }
  get noticeGiven(): ISignal<this, Notice> {
    return this._noticeGiven;
  }
  get noticesKnown(): ISignal<this, readonly Notice[]> {
    return this._noticesKnown;
  }

  get isDisposed(): boolean {
    return this.socket.isDisposed;
  }

  isDisabled(part: string): boolean {
    return (
      this._state === 'disabled' ||
      this.switchedOff.parts.has(part) ||
      (this._info?.disabled.includes(part) ?? false)
    );
  }

  reconnect(): void {
    if (this._state === 'disabled' || this.isDisposed) {
      return;
    }
    this.mayAsk = true;
    this.become('connecting', this.trans.__('Connecting to the companion…'));
    this.socket.connect();
  }

  send(frame: string): boolean {
    return this._state === 'connected' && this.socket.send(frame);
  }

  get waitingBytes(): number {
    return this.socket.waitingBytes;
  }

  listen(receiver: Receiver): IDisposable {
    this.kept.tell(receiver);
    return new DisposableDelegate(this.receiver.join(receiver));
  }

  hold(): IDisposable {
    this.holds += 1;
    this.socket.needed = true;
    return new DisposableDelegate(() => {
      this.holds -= 1;
      this.socket.needed = this.holds > 0;
    });
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.socket.dispose();
    this.options.visibility.changed.disconnect(this.onVisibility, this);
    Signal.clearData(this);
  }

  private url(): string {
    // Read anew for each attempt: a restarted server gives the page another token.
    const { wsUrl, token, appendToken } = this.options.serverSettings;
    const url = URLExt.join(wsUrl, 'labkeeper', 'ws');
    return appendToken && token !== '' ? `${url}?token=${encodeURIComponent(token)}` : url;
  }

  private greet(): void {
    this.kept.forget();
    this.serverClock.forget();
    const { build, client, visibility } = this.options;
    this.toldHidden = visibility.hidden;
    this.socket.send(encode(pageHello, { protocol: PROTOCOL, build, client, visible: !visibility.hidden }));
  }

  private onVisibility(_: IPageVisibility, hidden: boolean): void {
    if (hidden !== this.toldHidden) {
      this.toldHidden = hidden;
      this.socket.send(encode(visibilityChanged, { visible: !hidden }));
    }
  }

  private receive(data: unknown): void {
    if (typeof data !== 'string' || data.length > MAX_FRAME) {
      this.countBadFrame('a frame that is no text, or too long');
      return;
    }
    try {
      this.receiver.receive(data);
    } catch (error) {
      this.countBadFrame(error);
    }
  }

  private countBadFrame(why: unknown): void {
    this._badFrames += 1;
    if (this._badFrames === 1) {
      // Once: a companion that sends nonsense sends it every second.
      console.warn('Labkeeper left out a message from its companion', why);
    }
  }

  private onAway(why: 'failed' | 'lost' | 'mismatch'): void {
    switch (why) {
      case 'mismatch':
        this.becomeMismatched();
        return;
      case 'lost':
        this.mayAsk = true;
        this.become(
          'away',
          this.trans.__('The connection to the companion was lost; it is being made again.')
        );
        return;
      case 'failed':
        if (this._state !== 'away') {
          this.become('away', this.trans.__('The companion does not answer yet.'));
        }
        if (this.mayAsk) {
          void this.ask();
        }
        return;
    }
  }

  private becomeMismatched(): void {
    this.socket.stop();
    this.become(
      'away',
      this.trans.__(
        'This page and the Labkeeper on the server are of different versions. Reload the page; if that does not help, restart the server.'
      )
    );
  }

  private async ask(): Promise<void> {
    this.mayAsk = false;
    const { serverSettings, askWhy } = this.options;
    const reason = await (askWhy ? askWhy() : askWhyAway(serverSettings, this.trans));
    if (this.isDisposed || this._state !== 'away') {
      return;
    }
    // A refusal is no activity, so the next failed attempt may ask for news again; a success is asked only once.
    this.mayAsk = !reason.countsAsActivity;
    if (reason.disabled) {
      this.socket.stop();
      this.becomeDisabled(reason.sentence);
    } else {
      this.become('away', reason.sentence);
    }
  }

  private becomeDisabled(sentence: string): void {
    this.become('disabled', sentence);
  }

  private become(state: CompanionState, reason: string): void {
    if (state === this._state && reason === this._reason) {
      return;
    }
    this._state = state;
    this._reason = reason;
    this._stateChanged.emit(state);
  }

  private takeSample(sample: Sample): void {
    this._sample = sample;
    this.serverClock.look(sample.atMs, Date.now());
    const point = historyPoint(sample);
    this.recentRing.add(point);
    this.dayRing.add(point);
    this._recent = this._day = null;
    this._sampleTaken.emit(sample);
  }

  private readonly receiver = new Receiver()
    .on(anyHello, anyVersion => {
      if (anyVersion.protocol !== PROTOCOL) {
        this.becomeMismatched();
        return;
      }
      const hello = parseParams(companionHello, anyVersion);
      if (this._info && this._info.boot !== hello.boot) {
        this._sample = null;
        this._kernels = [];
      }
      // Another hello on the same connection has news, as facts about the machine that take long to find.
      this._info = hello;
      this.mayAsk = true;
      this.become('connected', '');
    })
    .on(reclaimsKnown, ({ nowMs }) => nowMs !== undefined && this.serverClock.look(nowMs, Date.now()))
    .on(tick, ({ atMs }) => this.serverClock.look(atMs, Date.now()))
    .on(sampleTaken, sample => this.takeSample(sample))
    .on(historyRead, ({ recent, day }) => {
      this.recentRing = ringOf(recent, RECENT_HISTORY);
      this.dayRing = ringOf(day, DAY_HISTORY);
      this._recent = this._day = null;
      this._historyChanged.emit();
    })
    .on(kernelsChanged, ({ kernels }) => {
      this._kernels = kernels;
      this._kernelsChanged.emit(kernels);
    })
    .on(deathSeen, death => {
      this._deaths = withEvent(this._deaths, death);
      this._deathSeen.emit(death);
    })
    .on(deathsKnown, ({ deaths }) => {
      this._deaths = deaths.slice(-MAX_EVENTS);
      this._deathsKnown.emit(this._deaths);
    })
    .on(noticeGiven, notice => {
      this._notices = withEvent(this._notices, notice);
      this._noticeGiven.emit(notice);
    })
    .on(noticesKnown, ({ notices }) => {
      this._notices = notices.slice(-MAX_EVENTS);
      this._noticesKnown.emit(this._notices);
    });

  private readonly trans: TranslationBundle;
  private readonly switchedOff: IDisabledParts;
  private readonly socket: ReconnectingSocket;
  /** Whether the next failed attempt may ask the server for the reason. */
  private mayAsk = true;
  private toldHidden = false;
  private holds = 0;
  private readonly kept = new KeptStates();
  private readonly serverClock = new ServerClock();
  private _badFrames = 0;
  private _state: CompanionState = 'connecting';
  private _reason = '';
  private _info: ICompanionInfo | null = null;
  private _sample: Sample | null = null;
  private recentRing = new HistoryRing(RECENT_HISTORY);
  private dayRing = new HistoryRing(DAY_HISTORY);
  /** Read from the rings when asked for, and only then: most pages have no chart open. */
  private _recent: History | null = null;
  private _day: History | null = null;
  private _kernels: readonly Kernel[] = [];
  private _deaths: readonly Death[] = [];
  private _notices: readonly Notice[] = [];
  private readonly _stateChanged = new Signal<this, CompanionState>(this);
  private readonly _sampleTaken = new Signal<this, Sample>(this);
  private readonly _historyChanged = new Signal<this, void>(this);
  private readonly _kernelsChanged = new Signal<this, readonly Kernel[]>(this);
  private readonly _deathSeen = new Signal<this, Death>(this);
  private readonly _deathsKnown = new Signal<this, readonly Death[]>(this);
  private readonly _noticeGiven = new Signal<this, Notice>(this);
  private readonly _noticesKnown = new Signal<this, readonly Notice[]>(this);
}

/** The list with `event` in the place of the one with its id, or at the end. */
function withEvent<T extends { readonly id: string }>(events: readonly T[], event: T): readonly T[] {
  return events.some(known => known.id === event.id)
    ? events.map(known => (known.id === event.id ? event : known))
    : [...events, event].slice(-MAX_EVENTS);
}

/** A ring that goes on where `history` ends. */
function ringOf(history: History, size: { stepMs: number; capacity: number }): HistoryRing {
  const ring = new HistoryRing(size);
  history.atMs.forEach((atMs, row) =>
    ring.add({
      atMs,
      unreclaimableBytes: history.unreclaimableBytes[row] ?? null,
      cacheBytes: history.cacheBytes[row] ?? null,
      cpuCores: history.cpuCores[row] ?? null,
      throttledShare: history.throttledShare[row] ?? null
    })
  );
  return ring;
}
