import { nullTranslator } from '@jupyterlab/translation';
import { Quantities, type ICompanion } from '@labkeeper/labkit';
import type { JournalTrouble } from '@labkeeper/protocol';
import { JournalStatus } from '../src/journal/journal-status.js';
import { SaveWords } from '../src/words.js';

const words = new SaveWords(nullTranslator.load('labkeeper'), new Quantities(nullTranslator));

describe('JournalStatus', () => {
  const said = (trouble: JournalTrouble): string => {
    const status = new JournalStatus({ state: 'connected' } as unknown as ICompanion);
    status.state = { trouble, boundMs: 500, persistent: true };
    return words.reason(status.reason);
  };

  it('blames the home, and not the folder of the document, where the journal cannot be written', () => {
    expect(said('read-only')).toContain('Your home cannot be written to');
    expect(said('read-only')).not.toContain('folder');
  });
});
