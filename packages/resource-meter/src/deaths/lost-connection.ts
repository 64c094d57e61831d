import { Notification } from '@jupyterlab/apputils';
import type { CompanionState, ICompanion } from '@labkeeper/labkit';
import type { Sample } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { Speech } from './speech.js';
import type { Switches } from './switches.js';

/** Where so much of the limit cannot be freed, a lost connection is likely the end of the container. */
const DANGER = 0.95;
/** An older sample says nothing about the moment of the loss: a hidden page gets none. In milliseconds. */
const FRESH_MS = 15_000;

export interface ILostConnectionOptions {
  readonly companion: ICompanion;
  readonly speech: Speech;
  readonly switches: Switches;
  /** A clock in milliseconds that does not jump. */
  readonly now: () => number;
}

/**
 * Where the system kills the whole container at once, nobody is left to explain: the open page then says what its
 * last sample showed, and no more than that. Without danger a lost connection is the meter's matter.
 */
export class LostConnection implements IDisposable {
  constructor(private readonly options: ILostConnectionOptions) {
    options.companion.sampleTaken.connect(this.onSample, this);
    options.companion.stateChanged.connect(this.onState, this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
    this.takeBack();
  }

  /** Removes what was said: the truth is known now, or the connection is back. */
  takeBack(): void {
    if (this.notification !== null) {
      Notification.dismiss(this.notification);
      this.notification = null;
    }
  }

  private onSample(_: ICompanion, sample: Sample): void {
    this.last = { sample, heardMs: this.options.now() };
  }

  private onState(_: ICompanion, state: CompanionState): void {
    if (state === 'connected') {
      this.takeBack();
    } else if (state === 'away') {
      void this.options.switches.ready.then(() => this.tell());
    }
  }

  private tell(): void {
    const { companion, speech, switches, now } = this.options;
    if (this.disposed || companion.state !== 'away' || this.notification !== null) {
      return;
    }
    const last = this.last;
    // One loss is told once, however often the client tries again.
    this.last = null;
    const memory = last?.sample.memory;
    if (last === null || memory?.limitBytes == null || memory.limitBytes === 0 || !switches.showDeathDialog) {
      return;
    }
    if (memory.unreclaimableBytes / memory.limitBytes < DANGER || now() - last.heardMs > FRESH_MS) {
      return;
    }
    this.notification = Notification.error(
      speech.trans.__(
        'Connection lost. Last seen at %1: %2 of memory in use that could not be freed.',
        speech.time(last.sample.atMs),
        speech.quantities.bytesOf(memory.unreclaimableBytes, memory.limitBytes)
      ),
      { autoClose: false }
    );
  }

  private last: { readonly sample: Sample; readonly heardMs: number } | null = null;
  private notification: string | null = null;
  private disposed = false;
}
