import type { TranslationBundle } from '@jupyterlab/translation';
import type { ILight, SaveReason } from '@labkeeper/core';
import type { Quantities } from '@labkeeper/labkit';

/** What a light says. */
export interface ILightWords {
  /** A sign that does without colour. */
  readonly sign: '●' | '◐' | '◒' | '▲' | '◆' | '■';
  /** A few words for the toolbar and the status bar. */
  readonly short: string;
  /** What it means, and what to do. */
  readonly long: string;
}

/** Puts lights into words. */
export class SaveWords {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly say: Quantities
  ) {}

  light(light: ILight): ILightWords {
    const { trans, say } = this;
    // Work that is a moment old is not safe yet either.
    const age = say.duration(Math.max(1000, light.ageMs));
    switch (light.level) {
      case 'safe':
        return {
          sign: '●',
          short: light.ageMs === 0 ? trans.__('Safe') : trans.__('Safe as of %1 ago', age),
          long: [this.place(light), this.beside(light.reason), this.slowHome(light.slowHomeMs)]
            .filter(Boolean)
            .join(' ')
        };
      case 'saving':
        return {
          sign: '◐',
          short: trans.__('Saving…'),
          long: [this.place(light), this.beside(light.reason), this.slowHome(light.slowHomeMs)]
            .filter(Boolean)
            .join(' ')
        };
      case 'journal':
        return {
          sign: '◒',
          short: trans.__('Safe in the journal only'),
          long: [trans.__('What the file lacks is on disk, in the journal.'), this.reason(light.reason)].join(
            ' '
          )
        };
      case 'conflict':
        return {
          sign: '◆',
          short: trans.__('Kept twice'),
          long: [
            trans.__(
              'The file was changed by somebody else too. Both versions are kept; yours is under the name it had.'
            ),
            this.beside(light.reason)
          ]
            .filter(Boolean)
            .join(' ')
        };
      case 'browser':
        return {
          sign: '■',
          short: trans.__('Safe in this browser only: %1', age),
          long: this.reason(light.reason)
        };
      case 'unsafe':
        return {
          sign: '▲',
          short: trans.__('Unsaved for %1', age),
          long: this.reason(light.reason)
        };
    }
  }

  /** How long changes take on a slow home, see `slowHomeMs` of core; empty where it is not slow. */
  slowHome(withinMs: number | null): string {
    if (withinMs === null) {
      return '';
    }
    // A promise is rounded up.
    const within = this.say.exactDuration(1000 * Math.ceil(withinMs / 1000));
    return this.trans.__('The disk of your home is slow: changes are safe within %1.', within);
  }

  /** Why work is not safe, and what to do. */
  reason(reason: SaveReason | null): string {
    const { trans } = this;
    switch (reason) {
      case null:
      case 'slow-save':
        return trans.__('Saving takes longer than it should.');
      case 'offline':
        return trans.__(
          'The server cannot be reached. Keep this page open: everything is sent when it is back.'
        );
      case 'companion-away':
        return trans.__('The journal of changes is not available at the moment.');
      case 'disk-full':
        return trans.__('The disk is full. Delete something, and saving goes on by itself.');
      case 'journal-full':
        return trans.__('There is more unsaved work than the journal may hold. Save the document now.');
      case 'journal-read-only':
        return trans.__(
          'Your home cannot be written to, so there is no journal of changes. Ask support to make it writable.'
        );
      case 'quota-full':
        return trans.__(
          'Your quota on this disk is used up. Delete something, and saving goes on by itself.'
        );
      case 'read-only':
        return trans.__('The folder can only be read. Save the document in another folder.');
      case 'not-permitted':
        return trans.__('You may not write this file. Save the document under another name.');
      case 'no-folder':
        return trans.__(
          'The folder of the file does not exist any more. Save the document in another folder.'
        );
      case 'bad-name':
        return trans.__(
          'The disk does not take this name. Save the document under a shorter or simpler name.'
        );
      case 'name-taken':
        return trans.__('Something that is no file has this name now. Save the document under another name.');
      case 'bad-content':
        return trans.__(
          'The document holds something that cannot be written, half a character for example. Undo the last changes, or save its parts elsewhere.'
        );
      case 'too-large':
        return trans.__(
          'The document is too large for a proxy on the way to the server. Clear large outputs, or ask support to raise its limit.'
        );
      case 'server-error':
        return trans.__('The server could not write the file. It is tried again.');
      case 'logged-out':
        return trans.__('The server does not know this page any more. Log in again in another tab.');
      case 'proxy-error':
        return trans.__('A proxy on the way to the server answers in its place. It is tried again.');
      case 'no-answer':
        return trans.__('The server does not answer. It is tried again.');
      case 'room-not-written':
        return trans.__('The shared document has not been written to disk by the server yet.');
      case 'other-tab-writes':
        return trans.__('Another tab of yours saves this document; what you type here is in the journal.');
      case 'other-page-writes':
        return trans.__(
          'A page in another browser saves this document; what you type here is in the journal.'
        );
      case 'room-saves':
        return trans.__('The shared room saves this document; the journal keeps your changes too.');
      case 'other-drive':
        return trans.__(
          'JupyterLab saves this document, because it is on another drive; the journal keeps your changes too.'
        );
      case 'save-looked-wrong':
        return trans.__(
          'JupyterLab saves this document, because the answer to a save of Labkeeper was not right; the journal keeps your changes too.'
        );
      case 'lab-saves':
        return trans.__('JupyterLab saves this document; the journal keeps your changes too.');
      case 'switched-off':
        return trans.__('Autosave is switched off: only the journal keeps your changes.');
      case 'not-kept':
        return trans.__(
          'Neither the file nor the journal takes your changes by itself at the moment. Save the document now.'
        );
      case 'slow-home':
        return trans.__('The disk of your home does not answer. Changes wait until it does.');
    }
  }

  private place(light: ILight): string {
    return light.place === 'file'
      ? light.ageMs === 0
        ? this.trans.__('Everything is in the file.')
        : this.trans.__('What is older is in the file.')
      : this.trans.__('Everything is on disk, in the journal; the file follows.');
  }

  private beside(reason: SaveReason | null): string {
    return reason === null || reason === 'companion-away' ? '' : this.reason(reason);
  }
}
