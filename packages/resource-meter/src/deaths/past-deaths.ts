import { Notification } from '@jupyterlab/apputils';
import type { ICompanion } from '@labkeeper/labkit';
import type { Death } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { DeathTeller } from './death-teller.js';
import { eventHeadline } from './explanation.js';
import type { RememberedIds } from './remembered-ids.js';
import type { Speech } from './speech.js';
import type { Switches } from './switches.js';

/** Deaths this close together in one container went with it at once, in milliseconds. */
const TOGETHER_MS = 60_000;

export interface IPastDeathsOptions {
  readonly companion: ICompanion;
  readonly speech: Speech;
  readonly teller: DeathTeller;
  readonly switches: Switches;
  readonly told: RememberedIds;
  /** An end of the whole container is about to be told. */
  readonly onContainerEnd: () => void;
}

/**
 * Tells deaths that happened while this page did not hear: the end of the whole container, which the flight
 * recorder explains at the next start, opens the dialog; those of single kernels are told when this page was open
 * (the laptop slept), and by a notification when it was not.
 */
export class PastDeaths implements IDisposable {
  constructor(private readonly options: IPastDeathsOptions) {
    const { companion, switches } = options;
    companion.deathsKnown.connect(this.onKnown, this);
    void switches.ready.then(() => {
      // They may have come before this plugin was there to listen.
      if (!this.disposed && companion.info !== null) {
        this.hear(companion.deaths);
      }
    });
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
  }

  private onKnown(_: ICompanion, deaths: readonly Death[]): void {
    void this.options.switches.ready.then(() => this.hear(deaths));
  }

  private hear(deaths: readonly Death[]): void {
    if (this.disposed) {
      return;
    }
    const { told, teller, onContainerEnd } = this.options;
    const news = deaths.filter(death => !told.has(death.id) && death.evidence.intent === 'none');
    news.forEach(death => told.add(death.id));
    const wasHere = this.heardOnce;
    this.heardOnce = true;

    const container = largest(latest(news.filter(death => death.evidence.fromFlightRecorder)));
    if (container !== null) {
      onContainerEnd();
      teller.hear(container);
    }
    const single = news.filter(death => !death.evidence.fromFlightRecorder);
    if (wasHere) {
      single.forEach(death => teller.hear(death));
    } else {
      this.notify(single.at(-1) ?? null);
    }
  }

  private notify(death: Death | null): void {
    const { speech, teller, switches } = this.options;
    if (death === null || !switches.showDeathDialog) {
      return;
    }
    const { trans } = speech;
    Notification.warning(
      trans.__(
        'While this page was closed, the kernel of %1 died at %2. %3',
        death.evidence.kernel.title,
        speech.time(death.atMs),
        eventHeadline(death, speech)
      ),
      { autoClose: false, actions: [{ label: trans.__('Details'), callback: () => teller.open(death) }] }
    );
  }

  private heardOnce = false;
  private disposed = false;
}

/** Those of the last end of a container; the deaths are in the order of time. */
function latest(deaths: readonly Death[]): Death[] {
  const last = deaths.at(-1);
  return last === undefined ? [] : deaths.filter(death => last.atMs - death.atMs < TOGETHER_MS);
}

/** The kernel that held most stands for all that went together. */
function largest(deaths: readonly Death[]): Death | null {
  return deaths.reduce<Death | null>(
    (most, death) => ((death.verdict.heldBytes ?? 0) > (most?.verdict.heldBytes ?? -1) ? death : most),
    null
  );
}
