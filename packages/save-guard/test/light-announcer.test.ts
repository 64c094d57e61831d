import { nullTranslator } from '@jupyterlab/translation';
import type { ILight } from '@labkeeper/core';
import { Quantities } from '@labkeeper/labkit';
import { Signal } from '@lumino/signaling';
import { LightAnnouncer } from '../src/light-announcer.js';
import type { IRedraw } from '../src/redraw.js';
import { SaveWords } from '../src/words.js';

describe('What screen readers hear of the light', () => {
  const trans = nullTranslator.load('labkeeper');
  const redraw = { due: new Signal<IRedraw, void>({} as IRedraw) };
  let front: { path: string; light: ILight } | null;
  let texts: string[];
  let announcer: LightAnnouncer;

  const show = (path: string, changes: Partial<ILight>): void => {
    const calm = { level: 'safe', ageMs: 0, place: 'file', reason: null, slowHomeMs: null } as const;
    front = { path, light: { ...calm, ...changes } };
    redraw.due.emit();
  };

  beforeEach(() => {
    front = null;
    texts = [];
    const words = new SaveWords(trans, new Quantities(nullTranslator));
    announcer = new LightAnnouncer({ current: () => front, redraw, words, trans });
    const { node } = announcer;
    Object.defineProperty(node, 'textContent', { set: (text: string) => texts.push(text) });
  });
  afterEach(() => announcer.dispose());

  it('is its turn to red and back, once each, and not its seconds', () => {
    show('work/a.ipynb', {});
    show('work/a.ipynb', { ageMs: 2000 });
    show('work/a.ipynb', { level: 'saving' });
    texts.length = 0;
    show('work/a.ipynb', { level: 'unsafe', ageMs: 31_000, reason: 'disk-full' });
    show('work/a.ipynb', { level: 'unsafe', ageMs: 32_000, reason: 'disk-full' });
    show('work/a.ipynb', { level: 'safe' });
    show('work/a.ipynb', { level: 'safe' });
    expect(texts).toEqual([
      'a.ipynb: Unsaved for 31 s. The disk is full. Delete something, and saving goes on by itself.',
      'a.ipynb is safe again.'
    ]);
  });

  it('is that two versions are kept', () => {
    show('a.ipynb', { level: 'conflict' });
    expect(texts).toEqual([expect.stringContaining('a.ipynb: Kept twice. The file was changed')]);
  });

  it('is nothing when a document comes to the front that is well', () => {
    show('a.ipynb', { level: 'browser', ageMs: 31_000, reason: 'offline' });
    show('b.ipynb', {});
    expect(texts.at(-1)).toBe('');
  });

  it('is said in a region that is announced politely', () => {
    expect(announcer.node.getAttribute('role')).toBe('status');
  });
});
