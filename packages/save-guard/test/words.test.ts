import { nullTranslator } from '@jupyterlab/translation';
import type { ILight, SaveReason } from '@labkeeper/core';
import { Quantities } from '@labkeeper/labkit';
import { SaveWords } from '../src/words.js';

const words = new SaveWords(nullTranslator.load('labkeeper'), new Quantities(nullTranslator));
const light = (changes: Partial<ILight>): ILight => ({
  level: 'safe',
  ageMs: 0,
  place: 'file',
  reason: null,
  slowHomeMs: null,
  ...changes
});

describe('SaveWords', () => {
  it.each([
    [light({}), '● Safe'],
    [light({ ageMs: 20 }), '● Safe as of 1 s ago'],
    [light({ ageMs: 3200 }), '● Safe as of 3 s ago'],
    [light({ level: 'saving' }), '◐ Saving…'],
    [light({ level: 'conflict' }), '◆ Kept twice'],
    [light({ level: 'journal', reason: 'too-large' }), '◒ Safe in the journal only'],
    [light({ level: 'browser', ageMs: 45_000, reason: 'offline' }), '■ Safe in this browser only: 45 s'],
    [light({ level: 'unsafe', ageMs: 90_000, reason: 'disk-full' }), '▲ Unsaved for 1 min']
  ])('says what a light means: %#', (one, said) => {
    const { sign, short } = words.light(one);
    expect(`${sign} ${short}`).toBe(said);
  });

  it('says how soon changes are safe on a slow home, and rounds it up', () => {
    const slow = { place: 'journal', slowHomeMs: 13_200 } as const;
    for (const level of ['safe', 'saving'] as const) {
      expect(words.light(light({ ...slow, level })).long).toBe(
        'Everything is on disk, in the journal; the file follows. ' +
          'The disk of your home is slow: changes are safe within 14 s.'
      );
    }
    expect(words.light(light({ slowHomeMs: 64_000 })).long).toContain('within 1 min 4 s.');
    expect(words.slowHome(null)).toBe('');
  });

  it('says for every reason what to do or what will happen, and never a code', () => {
    const reasons: (SaveReason | null)[] = [
      null,
      'offline',
      'companion-away',
      'disk-full',
      'journal-full',
      'journal-read-only',
      'read-only',
      'not-permitted',
      'too-large',
      'server-error',
      'logged-out',
      'proxy-error',
      'no-answer',
      'quota-full',
      'no-folder',
      'bad-name',
      'name-taken',
      'bad-content',
      'room-not-written',
      'other-tab-writes',
      'other-page-writes',
      'room-saves',
      'other-drive',
      'save-looked-wrong',
      'lab-saves',
      'switched-off',
      'not-kept',
      'slow-home',
      'slow-save'
    ];
    for (const reason of reasons) {
      const said = words.light(light({ level: 'unsafe', ageMs: 40_000, reason })).long;
      expect(said).toMatch(/^[A-Z].*\.$/);
      expect(said).not.toContain(reason ?? 'null');
    }
  });

  it('does not say that the file is saved where only the journal is known to be away', () => {
    expect(words.reason('companion-away')).not.toContain('is saved');
  });

  it('does not trouble people about the journal while the file is saved', () => {
    expect(words.light(light({ reason: 'companion-away' })).long).toBe('Everything is in the file.');
    expect(words.light(light({ reason: 'disk-full', place: 'journal' })).long).toContain('The disk is full');
  });
});
