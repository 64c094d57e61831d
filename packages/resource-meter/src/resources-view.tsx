import { ReactWidget } from '@jupyterlab/apputils';
import type { IPageVisibility } from '@labkeeper/labkit';
import { Signal } from '@lumino/signaling';
import { Resources, type IResourcesProps } from './view/resources.js';

/** What the panel's content is made of. */
export interface IResourcesViewOptions extends Omit<IResourcesProps, 'themeVersion' | 'pageNowMs'> {
  readonly visibility: IPageVisibility;
}

/** The content of the panel. Loaded when the panel is first seen, and drawn only while it is seen. */
export class ResourcesView extends ReactWidget {
  constructor(private readonly options: IResourcesViewOptions) {
    super();
    this.addClass('lk-Resources');
    options.model.changed.connect(this.redraw, this);
    options.visibility.changed.connect(this.redraw, this);
  }

  /** Reads the colours of the theme again. */
  readTheme(): void {
    this.themeVersion += 1;
    this.redraw();
  }

  override dispose(): void {
    Signal.disconnectReceiver(this);
    super.dispose();
  }

  protected override onAfterShow(): void {
    this.redraw();
  }

  protected override render(): JSX.Element {
    return <Resources {...this.options} themeVersion={this.themeVersion} pageNowMs={Date.now()} />;
  }

  private redraw(): void {
    if (this.isVisible && !this.options.visibility.hidden) {
      this.update();
    }
  }

  private themeVersion = 0;
}
