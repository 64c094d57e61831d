import { ReactWidget } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import { Compare, type ICompareProps } from '../view/compare/compare.js';

/** The tab in which two versions of a document are compared. */
export class CompareWidget extends ReactWidget {
  constructor(private readonly props: ICompareProps) {
    super();
    this.addClass('lk-CompareWidget');
    this.node.tabIndex = -1;
    props.model.changed.connect(this.update, this);
  }

  override dispose(): void {
    this.props.model.changed.disconnect(this.update, this);
    super.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override render(): JSX.Element {
    return <Compare {...this.props} />;
  }
}
