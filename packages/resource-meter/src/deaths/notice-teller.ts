import { Notification } from '@jupyterlab/apputils';
import type { ICompanion } from '@labkeeper/labkit';
import type { Notice } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { explainNotice, type IExplanation } from './explanation.js';
import type { FrontDesk } from './front-desk.js';
import type { RememberedIds } from './remembered-ids.js';
import type { Speech } from './speech.js';
import type { Switches } from './switches.js';
import type { ITold } from './telling.js';

export interface INoticeTellerOptions {
  readonly companion: ICompanion;
  readonly speech: Speech;
  readonly desk: FrontDesk;
  readonly switches: Switches;
  readonly told: RememberedIds;
}

/** Gives each notice one notification: it stays until it is dismissed, and then does not come back. */
export class NoticeTeller implements IDisposable {
  constructor(private readonly options: INoticeTellerOptions) {
    const { companion, switches } = options;
    companion.noticeGiven.connect(this.onNotice, this);
    companion.noticesKnown.connect(this.onKnown, this);
    void switches.ready.then(() => this.onKnown());
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
  }

  /** Opens the dialog about a notice. */
  open(notice: Notice): void {
    this.options.desk.show(subjectOf(notice), this.toldOf(notice));
  }

  private onNotice(_: ICompanion, notice: Notice): void {
    void this.options.switches.ready.then(() => this.hear(notice));
  }

  /** Those that came as a list at connection. */
  private onKnown(): void {
    const { companion, switches } = this.options;
    void switches.ready.then(() => companion.notices.forEach(notice => this.hear(notice)));
  }

  private hear(notice: Notice): void {
    const { desk, speech, switches, told } = this.options;
    if (this.disposed) {
      return;
    }
    desk.update(subjectOf(notice), this.toldOf(notice));
    const shown = this.shown.get(notice.id);
    const explanation = explainNotice(notice, speech);
    if (shown !== undefined) {
      if (shown.over !== notice.over) {
        Notification.update({
          id: shown.notification,
          message: messageOf(explanation),
          type: notice.over ? 'info' : 'warning',
          actions: this.actions(notice)
        });
        this.shown.set(notice.id, { ...shown, over: notice.over });
      }
      return;
    }
    // What is over already needs nobody's attention; it is in the panel.
    if (notice.over || told.has(notice.id) || !switches.showNotices) {
      return;
    }
    told.add(notice.id);
    const notification = Notification.warning(messageOf(explanation), {
      autoClose: false,
      actions: this.actions(notice)
    });
    this.shown.set(notice.id, { notification, over: notice.over });
  }

  private actions(notice: Notice): Notification.IAction[] {
    const { trans } = this.options.speech;
    return [
      {
        label: trans.__('Details'),
        caption: trans.__('What was seen, and what helps'),
        callback: () => this.open(this.newest(notice))
      }
    ];
  }

  private newest(notice: Notice): Notice {
    return this.options.companion.notices.find(each => each.id === notice.id) ?? notice;
  }

  private toldOf(notice: Notice): ITold {
    return {
      event: notice,
      explanation: explainNotice(notice, this.options.speech),
      cell: null,
      onCell: null
    };
  }

  private readonly shown = new Map<string, { readonly notification: string; readonly over: boolean }>();
  private disposed = false;
}

function subjectOf(notice: Notice): string {
  return `notice ${notice.id}`;
}

/** JupyterLab cuts a notification at 140 characters: the headline, and whether it still holds. */
function messageOf({ headline, consequence }: IExplanation): string {
  return `${headline}\n${consequence}`;
}
