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
    },
    'server-events': {
      title: trans.__('How this server fares'),
      why: trans.__(
        'Unless the hub’s policy switches it off: kernels that died and why, long throttling, full memory, and how many saves there were. Only where policy asks for it: counts of Python’s own error classes, such as MemoryError, and the name of a module that is missing, which can be one of yours. So that support staff see at once what you ran into.'
      ),
      never: trans.__(
        'No kernel names, no cell contents, no variables, no text of errors, and no file names but the name of a missing module. An error class that somebody wrote herself is counted as “other”.'
      )
    },
    request: {
      title: trans.__('What you ask for'),
      why: trans.__(
        'When you ask for help, a package or more time: what you wrote, and what you left ticked of the facts that were shown to you.'
      ),
      never: trans.__(
        'Nothing that was not shown to you before you sent it. Names of your notebooks are in it only where you left them.'
      )
    },
    'own-requests': {
      title: trans.__('How your requests stand'),
      why: trans.__('The hub is asked what became of what you asked for.'),
      never: nothing
    },
    'request-story': {
      title: trans.__('One of your requests'),
      why: trans.__('When you open a request, the hub is asked for its answers.'),
      never: nothing
    },
    'request-withdrawn': {
      title: trans.__('A request taken back'),
      why: trans.__('When you withdraw a request, its number is sent.'),
      never: nothing
    },
    'request-message': {
      title: trans.__('What you answer'),
      why: trans.__('What you write to support staff about a request of yours.'),
      never: trans.__('Nothing that you did not write yourself.')
    },
    feedback: {
      title: trans.__('Was this right?'),
      why: trans.__(
        'When you say whether a verdict was right: which verdict it was, your answer, and the note that you wrote.'
      ),
      never: trans.__('No file names, no cell contents, no variables, unless you write them into the note.')
    }
  };
}
