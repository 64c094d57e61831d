import type { Advice } from '@labkeeper/protocol';
import type { Speech } from '../speech.js';

/** One thing that helps, as one sentence; null for a kind that a newer companion knows and this page does not. */
export function adviceSentence(advice: Advice, { trans, quantities }: Speech): string | null {
  switch (advice.kind) {
    case 'load-less':
      return trans.__('Load fewer columns or rows, or work through them in chunks.');
    case 'free-kernel':
      return advice.idleForMs === null
        ? trans.__('Use the %2 that %1 holds.', advice.title, quantities.bytes(advice.bytes))
        : trans.__(
            'Use the %2 that %1 holds: it has been idle for %3.',
            advice.title,
            quantities.bytes(advice.bytes),
            quantities.duration(advice.idleForMs)
          );
    case 'bigger-tier':
      return advice.resource === 'cpu'
        ? trans.__('Ask for a server with more CPU.')
        : trans.__('Ask for a server with more memory.');
    case 'not-you':
      return trans.__('Run it again later: your own work was within its limit.');
    case 'native-code':
      return trans.__(
        'A compiled library crashed. Update the library that the cell called, or report these details to its makers.'
      );
    case 'shm-use':
      return trans.__('Use fewer data-loading workers, or let them share data through files.');
    case 'fewer-processes':
      return trans.__('Start fewer processes or threads, and end those that are no longer needed.');
    case 'free-disk':
      return trans.__('Delete or move files that are no longer needed, the trash included.');
    case 'fewer-workers':
      return trans.__('Use fewer workers, or give each of them less data.');
    case 'interrupt-kernel':
      return trans.__('Interrupt the kernel if its cell does not go on: its variables stay.');
    case 'look-at-code':
      return trans.__('Look for a call in the cell that ends the program, such as exit().');
    case 'fix-start':
      return advice.module === null
        ? trans.__('Mend the installation of the kernel; the message above says what failed.')
        : trans.__('Install the module %1 where the kernel runs.', advice.module);
    case 'set-threads':
      return trans.__(
        'Set the environment variable %1 to %2 before the libraries are imported.',
        advice.variable,
        advice.value
      );
    case 'ask-support':
      return trans.__('Copy the details and send them to your support staff.');
    default:
      return null;
  }
}
