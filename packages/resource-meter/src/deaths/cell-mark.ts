import type { CodeCell } from '@jupyterlab/cells';
import type { IChangedArgs } from '@jupyterlab/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { Speech } from './speech.js';

const MARKED = 'lk-mod-died';

/**
 * A badge below the input of the cell that ran when the kernel died. It lives in the page only: the notebook does
 * not become dirty and nothing is saved. It goes away when the cell runs again, or by its own button.
 */
export class CellMark implements IDisposable {
  /**
   * @param onDetails - opens the explanation.
   * @param onGone - the mark is no longer there.
   */
  constructor(
    private readonly cell: CodeCell,
    private readonly speech: Speech,
    private readonly onDetails: () => void,
    private readonly onGone: () => void
  ) {
    this.node = document.createElement('div');
    this.node.className = 'lk-CellMark';
    this.node.setAttribute('role', 'note');
    this.text = document.createElement('span');
    this.text.className = 'lk-CellMark-text';
    const { trans } = speech;
    this.details = this.button(
      trans.__('Details'),
      trans.__('Why the kernel died'),
      'lk-CellMark-details',
      () => this.onDetails()
    );
    const close = this.button('×', trans.__('Remove this mark'), 'lk-CellMark-close', () => this.dispose());
    this.node.append(this.text, this.details, close);
    this.say(null);
    cell.addClass(MARKED);
    cell.model.stateChanged.connect(this.onState, this);
    cell.disposed.connect(this.dispose, this);
    // A cell that never was in view has no input to stand below; it gets one when it comes into view.
    void cell.ready.then(() => this.attach());
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    Signal.disconnectReceiver(this);
    this.node.remove();
    this.cell.removeClass(MARKED);
    this.onGone();
  }

  /** @param headline - the cause in words; null = not known yet. */
  say(headline: string | null): void {
    const { trans } = this.speech;
    this.text.textContent =
      headline === null
        ? trans.__('The kernel died while this cell was running.')
        : trans.__('The kernel died while this cell was running. %1', headline);
    this.details.hidden = headline === null;
  }

  private attach(): void {
    if (!this.disposed) {
      this.cell.inputArea?.parent?.node.after(this.node);
    }
  }

  private onState(_: unknown, change: IChangedArgs<unknown, unknown, string>): void {
    if (change.name === 'executionState' && this.cell.model.executionState === 'running') {
      this.dispose();
    }
  }

  private button(text: string, caption: string, className: string, onClick: () => void): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = className;
    button.textContent = text;
    button.title = caption;
    button.ariaLabel = caption;
    button.addEventListener('click', event => {
      event.stopPropagation();
      onClick();
    });
    return button;
  }

  private readonly node: HTMLElement;
  private readonly text: HTMLElement;
  private readonly details: HTMLButtonElement;
  private disposed = false;
}
