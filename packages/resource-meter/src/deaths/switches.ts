import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { DEFAULT_SETTINGS, type IMeterSettings, readSettings } from '../settings.js';

const PLUGIN = '@labkeeper/labextension:resource-meter';

/** The user's switches for deaths and notices, within what the admin left on; all is on until somebody says otherwise. */
export class Switches implements IDisposable {
  /**
   * @param registry - null = there are no settings in this application.
   * @param isOff - whether the admin switched a part off.
   */
  constructor(
    registry: ISettingRegistry | null,
    private readonly isOff: (part: 'deaths' | 'notices') => boolean
  ) {
    this.ready = registry === null ? Promise.resolve() : this.load(registry);
  }

  /** Resolves when the settings are read, or are known to be absent. */
  readonly ready: Promise<void>;

  get isDisposed(): boolean {
    return this.disposed;
  }

  get showDeathDialog(): boolean {
    return this.values.deathDialog && !this.isOff('deaths');
  }

  get markCell(): boolean {
    return this.values.markCell && !this.isOff('deaths');
  }

  get showNotices(): boolean {
    return this.values.notices && !this.isOff('notices');
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
  }

  private async load(registry: ISettingRegistry): Promise<void> {
    try {
      const settings = await registry.load(PLUGIN);
      this.read(settings);
      settings.changed.connect(this.read, this);
    } catch {
      // The meter's settings are not installed here, or the server does not answer: the defaults hold.
    }
  }

  private read(settings: ISettingRegistry.ISettings): void {
    this.values = readSettings(settings.composite).settings;
  }

  private values: IMeterSettings = DEFAULT_SETTINGS;
  private disposed = false;
}
