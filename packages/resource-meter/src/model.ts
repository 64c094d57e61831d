import type { ICompanion } from '@labkeeper/labkit';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { pastEvents, type PastEvent } from './events.js';
import { kernelRows, type IKernelRow } from './kernel-rows.js';
import {
  memoryReading,
  readings,
  worstReading,
  type IMemoryReading,
  type Levels,
  type Reading
} from './readings.js';
import { DEFAULT_SETTINGS, type IMeterSettings } from './settings.js';

/** The user's settings as they hold now. */
export interface IMeter {
  readonly settings: IMeterSettings;
  readonly settingsChanged: ISignal<IMeter, IMeterSettings>;
}

export const IMeter = new Token<IMeter>(
  '@labkeeper/labextension:IMeter',
  'The resource meter and the user’s settings for it.'
);

/** What meter and panel show, without any of the page. Emits `changed` at most once for each message of the companion. */
export class MeterModel implements IMeter, IDisposable {
  constructor(readonly companion: ICompanion) {
    companion.sampleTaken.connect(this.onSample, this);
    companion.stateChanged.connect(this.onChange, this);
    companion.historyChanged.connect(this.onChange, this);
    companion.kernelsChanged.connect(this.onChange, this);
    companion.deathSeen.connect(this.onChange, this);
    companion.deathsKnown.connect(this.onChange, this);
    companion.noticeGiven.connect(this.onChange, this);
    companion.noticesKnown.connect(this.onChange, this);
    this.read();
  }

  get settings(): IMeterSettings {
    return this._settings;
  }
  set settings(settings: IMeterSettings) {
    this._settings = settings;
    this.read();
    this._settingsChanged.emit(settings);
    this._changed.emit();
  }

  /** What the status bar shows, in its order. Empty before the first sample. */
  get readings(): readonly Reading[] {
    return this._readings;
  }
  get worst(): Reading | null {
    return worstReading(this._readings);
  }
  /** Memory, whether or not the status bar shows it. */
  get memory(): IMemoryReading | null {
    return this._memory;
  }
  get kernels(): readonly IKernelRow[] {
    return kernelRows(this.companion.kernels, this.companion.sample?.kernels ?? []);
  }
  get events(): readonly PastEvent[] {
    return pastEvents(this.companion.deaths, this.companion.notices);
  }
  /** Whether the admin switched the meter off. */
  get isDisabled(): boolean {
    return this.companion.isDisabled('meter');
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }
  get settingsChanged(): ISignal<this, IMeterSettings> {
    return this._settingsChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private onSample(): void {
    this.read();
    this._changed.emit();
  }

  private onChange(): void {
    this._changed.emit();
  }

  private read(): void {
    const { sample } = this.companion;
    this._readings = sample ? readings(sample, this._settings, this.levels) : [];
    this._memory = sample ? memoryReading(sample, this._settings, this.levels) : null;
    this.levels = {
      ...Object.fromEntries(this._readings.map(reading => [reading.kind, reading.level])),
      ...(this._memory && { memory: this._memory.level })
    };
  }

  private _settings = DEFAULT_SETTINGS;
  private _readings: readonly Reading[] = [];
  private _memory: IMemoryReading | null = null;
  private levels: Levels = {};
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _settingsChanged = new Signal<this, IMeterSettings>(this);
}
