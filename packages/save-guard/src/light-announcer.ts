import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ILight } from '@labkeeper/core';
import type { IDisposable } from '@lumino/disposable';
import type { IRedraw } from './redraw.js';
import type { SaveWords } from './words.js';

/** What is said aloud when a light begins to show it. */
const TROUBLE: ReadonlySet<ILight['level']> = new Set(['browser', 'unsafe', 'conflict']);

export interface ILightAnnouncerOptions {
  /** The document in front; null = there is none. */
  readonly current: () => { readonly path: string; readonly light: ILight } | null;
  readonly redraw: IRedraw;
  readonly words: SaveWords;
  readonly trans: TranslationBundle;
}

/**
 * Tells people who do not see the light that it turned red or amber, and that all is well again. One for the page; it
 * has a new text only then, since screen readers read each one aloud.
 */
export class LightAnnouncer implements IDisposable {
  constructor(private readonly options: ILightAnnouncerOptions) {
    this.node.className = 'lk-LightAnnouncer';
    this.node.setAttribute('role', 'status');
    options.redraw.due.connect(this.look, this);
  }

  /** A live region: it has to be in the page before there is anything to say. */
  readonly node = document.createElement('div');

  /** Another document may be in front, or its light may show something else. */
  look(): void {
    const { current, words, trans } = this.options;
    const now = current();
    const trouble = now && TROUBLE.has(now.light.level) ? now.light.level : null;
    const isSame = now?.path === this.path;
    if (isSame && trouble === this.trouble) {
      return;
    }
    const wasLate = isSame && this.trouble !== null && this.trouble !== 'conflict';
    this.path = now?.path;
    this.trouble = trouble;
    if (now && trouble !== null) {
      const { short, long } = words.light(now.light);
      this.node.textContent = `${PathExt.basename(now.path)}: ${short}. ${long}`;
    } else {
      this.node.textContent = now && wasLate ? trans.__('%1 is safe again.', PathExt.basename(now.path)) : '';
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this.options.redraw.due.disconnect(this.look, this);
    this.node.remove();
  }

  private path: string | undefined;
  private trouble: ILight['level'] | null = null;
  private _isDisposed = false;
}
