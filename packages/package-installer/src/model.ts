import type { ICompanion } from '@labkeeper/labkit';
import {
  auditRecords,
  auditState,
  auditWanted,
  encode,
  Receiver,
  type AuditRecords,
  type AuditState,
  type ListedRecord
} from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

/** Records about the recording itself. */
const RECORDING: readonly string[] = ['opened', 'closed'];

/** What the hub has is waited for so long where records are only read once, ms. */
const READ_MS = 3000;
const LOOK_MS = 50;

/** How the audited log of this server stands and, while somebody looks, what is on record. */
export class InstallLogModel implements IDisposable {
  constructor(readonly companion: ICompanion) {
    this.listening = companion.listen(
      new Receiver()
        .on(auditState, state => {
          this._state = state;
          this._changed.emit();
        })
        .on(auditRecords, list => {
          this._list = list;
          this._changed.emit();
        })
    );
    companion.stateChanged.connect(this.onConnection, this);
  }

  /** null = the companion has not said it. */
  get state(): AuditState | null {
    return this._state;
  }

  /** What was read last; null = nothing yet. */
  get list(): AuditRecords | null {
    return this._list;
  }

  /** What is shown of it, newest first. */
  get records(): readonly ListedRecord[] {
    const records = this._list?.records ?? [];
    return this._showRecording ? records : records.filter(({ action }) => !RECORDING.includes(action));
  }

  /** Whether installs are recorded on this server. */
  get isKept(): boolean {
    return this._state !== null && this._state.mode !== 'off';
  }

  /** Records about the recording itself are shown too. */
  set showRecording(showRecording: boolean) {
    this._showRecording = showRecording;
    this._changed.emit();
  }

  /** Whether somebody looks at the list: records are read only then. */
  set shown(isShown: boolean) {
    if (isShown !== this.isShown) {
      this.isShown = isShown;
      this.tellIfNews();
    }
  }

  /** Reads what is on record. @returns what is known by then; empty where nothing is recorded. */
  async read(withinMs = READ_MS): Promise<readonly ListedRecord[]> {
    if (!this.isKept || this.companion.state !== 'connected') {
      return this.records;
    }
    this.readers += 1;
    this.tellIfNews();
    const endMs = performance.now() + withinMs;
    while ((this._list === null || this._list.hub === 'asking') && performance.now() < endMs) {
      await new Promise(resolve => window.setTimeout(resolve, LOOK_MS));
    }
    this.readers -= 1;
    this.tellIfNews();
    return this.records;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.listening.isDisposed;
  }

  dispose(): void {
    this.shown = false;
    this.listening.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private onConnection(): void {
    if (this.companion.state === 'connected' && this.isWanted) {
      // It may be another companion, and this link is new to it in any case.
      this.tell();
    }
    this._changed.emit();
  }

  private get isWanted(): boolean {
    return this.isShown || this.readers > 0;
  }

  private tellIfNews(): void {
    if (this.isWanted !== this.toldWanted) {
      this.tell();
    }
  }

  private tell(): void {
    this.toldWanted = this.isWanted;
    // Without a connection nothing is lost: it is said again when there is one.
    this.companion.send(encode(auditWanted, { wanted: this.isWanted }));
  }

  private readonly listening: IDisposable;
  private _state: AuditState | null = null;
  private _list: AuditRecords | null = null;
  private _showRecording = false;
  private isShown = false;
  /** Who waits for what is on record. */
  private readers = 0;
  private toldWanted = false;
  private readonly _changed = new Signal<this, void>(this);
}
