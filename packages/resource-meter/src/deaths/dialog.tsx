import { Dialog, UseSignal } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';
import { Panel, type Widget } from '@lumino/widgets';
import type { ExplanationAction } from './explanation.js';
import type { Speech } from './speech.js';
import type { FeedbackBook } from '../help/feedback-book.js';
import { Feedback } from '../help/view/feedback.js';
import type { ITold, Telling } from './telling.js';
import { Actions } from './view/actions.js';
import { Explanation } from './view/explanation.js';
import { Headline } from './view/headline.js';

/** Keys that arrive this soon were typed into the notebook, before anybody could see the dialog. */
const TYPING_MS = 400;

const FOCUSABLE = 'button:not([disabled]), a[href], select, input';

/** What the dialog's buttons do. Each gives one translated sentence about what came of it. */
export interface IDialogDeeds {
  act(action: ExplanationAction, told: ITold): Promise<string>;
  copy(told: ITold): Promise<string>;
  /** What the researcher said of verdicts. */
  readonly feedback: FeedbackBook;
  /** Opens the page "Get help" about these events; without any, about the newest. */
  readonly onHelp: (eventIds: readonly string[]) => void;
  /** The admin's page about deaths, http or https; null = none. */
  readonly runbookUrl: string | null;
}

/** The dialog that explains one event, updated in place while it is open. */
export class ExplanationDialog extends Dialog<void> {
  constructor(
    readonly telling: Telling,
    deeds: IDialogDeeds,
    speech: Speech
  ) {
    const id = UUID.uuid4();
    const titleId = `lk-title-${id}`;
    const leadId = `lk-lead-${id}`;
    // The slots below only run while the dialog is open, so after super().
    const jump: { close: () => void } = { close: () => undefined };
    super({
      title: (
        <UseSignal signal={telling.changed}>
          {() => <Headline text={telling.current.explanation.headline} id={titleId} />}
        </UseSignal>
      ),
      body: (
        <UseSignal signal={telling.changed}>
          {() => {
            const { event, explanation, onCell } = telling.current;
            return (
              <>
                <Explanation
                  explanation={explanation}
                  speech={speech}
                  leadId={leadId}
                  onCell={
                    onCell &&
                    (() => {
                      jump.close();
                      onCell();
                    })
                  }
                />
                {event && <Feedback event={event} book={deeds.feedback} trans={speech.trans} />}
              </>
            );
          }}
        </UseSignal>
      ),
      buttons: [Dialog.okButton({ label: speech.trans.__('OK') })],
      renderer: new FooterRenderer(
        <UseSignal signal={telling.changed}>
          {() => (
            <Actions
              actions={telling.current.explanation.actions}
              runbookUrl={deeds.runbookUrl}
              speech={speech}
              onAction={action => deeds.act(action, telling.current)}
              onCopy={() => deeds.copy(telling.current)}
              onHelp={() => {
                const { event } = telling.current;
                jump.close();
                deeds.onHelp(event ? [event.id] : []);
              }}
            />
          )}
        </UseSignal>
      )
    });
    jump.close = () => this.reject();
    this.addClass('lk-Explain');
    this.node.setAttribute('aria-labelledby', titleId);
    this.node.setAttribute('aria-describedby', leadId);
  }

  /** Shows it, behind the dialogs that are open. Resolves once it is closed, by whatever way. */
  async open(): Promise<void> {
    try {
      await this.launch();
    } catch (error) {
      // Dialog rejects with undefined when it is disposed, which is one way to close it.
      if (error !== undefined) {
        throw error;
      }
    }
  }

  override handleEvent(event: Event): void {
    if (event instanceof KeyboardEvent && event.type === 'keydown' && this.handleKey(event)) {
      return;
    }
    super.handleEvent(event);
  }

  protected override onAfterAttach(...args: Parameters<Dialog<void>['onAfterAttach']>): void {
    super.onAfterAttach(...args);
    this.shownAtMs = performance.now();
  }

  /** Dialog knows only its own buttons: it would swallow Enter on the others, and Tab would skip them. */
  private handleKey(event: KeyboardEvent): boolean {
    const early = performance.now() - this.shownAtMs < TYPING_MS;
    if (early && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      event.stopPropagation();
      return true;
    }
    const active = document.activeElement;
    if (event.key === 'Enter') {
      // The browser turns it into a click; the OK button is Dialog's own.
      return active !== null && active.matches(FOCUSABLE) && !active.classList.contains('jp-Dialog-button');
    }
    if (event.key === 'Tab') {
      const all = [...this.node.querySelectorAll<HTMLElement>(FOCUSABLE)];
      const index = all.findIndex(element => element === active);
      const next = all.at((index + (event.shiftKey ? -1 : 1)) % all.length);
      event.preventDefault();
      event.stopPropagation();
      next?.focus();
      return true;
    }
    return false;
  }

  private shownAtMs = 0;
}

/** Puts more buttons beside Dialog's own, which close it. */
class FooterRenderer extends Dialog.Renderer {
  constructor(private readonly actions: JSX.Element) {
    super();
  }

  override createFooter(buttons: readonly HTMLElement[], checkbox: HTMLElement | null): Widget {
    const footer = new Panel();
    const own = super.createFooter(buttons, checkbox);
    const more = ReactWidget.create(this.actions);
    footer.addClass('lk-Explain-footer');
    footer.addWidget(more);
    footer.addWidget(own);
    return footer;
  }
}
