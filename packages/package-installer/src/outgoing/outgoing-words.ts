import type { TranslationBundle } from '@jupyterlab/translation';
import type { OutgoingClass } from '@labkeeper/protocol';

/** What people are told of one class of message. */
export interface IOutgoingWords {
  readonly title: string;
  /** Why it is sent, and when: a sentence. */
  readonly why: string;
  /** What is never in it: a sentence. */
  readonly never: string;
}

/** The words for each class. A class without words does not compile. */
export function outgoingWords(trans: TranslationBundle): Readonly<Record<OutgoingClass, IOutgoingWords>> {
  const nothing = trans.__('Nothing about your work is in it: no file names, no code, no variables.');
  return {
    ticket: {
      title: trans.__('Who is speaking'),
      why: trans.__(
        'This server shows the token that JupyterHub gave it, and gets a ticket for some minutes. That is how the hub knows your name and your server’s.'
      ),
      never: nothing
    },
    records: {
      title: trans.__('Install log'),
      why: trans.__(
        'Each package that is installed, upgraded, removed or altered, so that support staff can later say what was installed and whether it was allowed. Every ten minutes it also says that it is still kept.'
      ),
      never: trans.__(
        'No names of your notebooks and files, no cell contents, no outputs, no variables. The path of the Python environment is in it, and so is the address of a package that was installed by address, without passwords.'
      )
    },
    'stream-head': {
      title: trans.__('How far the install log has come'),
      why: trans.__(
        'After a start or a broken connection this server asks which records the hub already has.'
      ),
      never: nothing
    },
    receipt: {
      title: trans.__('Receipt'),
      why: trans.__('A receipt that got lost on its way is asked for again.'),
      never: nothing
    },
    'own-records': {
      title: trans.__('Your own records'),
      why: trans.__(
        'While you look at the Install log, the hub is asked what it has on record of this server.'
      ),
      never: nothing
    },
    policy: {
      title: trans.__('What is switched off'),
      why: trans.__(
        'This server waits for word from the hub about parts of Labkeeper that its policy switches off. The name of the image that the server runs is in the address.'
      ),
      never: nothing
    }
  };
}
