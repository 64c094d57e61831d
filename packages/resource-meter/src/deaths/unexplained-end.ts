import type { Speech } from './speech.js';
import type { ITold } from './telling.js';

/**
 * What the page alone can say of a kernel that was given up, while nobody explains it.
 *
 * @param title - the document's name.
 */
export function unexplainedEnd(title: string, { trans }: Speech): ITold {
  return {
    event: null,
    cell: null,
    onCell: null,
    explanation: {
      headline: trans.__('The kernel died; what we saw does not tell why'),
      lead: trans.__('The kernel of %1 died several times in a row.', title),
      consequence: trans.__('It will not be restarted by itself; its variables are gone.'),
      proofs: [
        {
          text: trans.__('Labkeeper was not connected, so only the page itself saw that the kernel ended.'),
          isCell: false
        }
      ],
      advice: [trans.__('Run a cell to start a new kernel.')],
      recentBytes: [],
      limitBytes: null,
      actions: []
    }
  };
}
