import { WhoSaves, type IWhoSavesOptions } from '../src/who-saves.js';

const CALM: IWhoSavesOptions = {
  driveOf: path => (path.includes(':') ? 'Second' : ''),
  autosaves: () => true,
  mode: () => 'full',
  writer: () => 'this-page',
  isBroken: () => false
};
const leftTo = (changes: Partial<IWhoSavesOptions>, path = 'a.ipynb', collaborative = false) =>
  new WhoSaves({ ...CALM, ...changes }).leftTo({ path, model: { collaborative } } as never);

describe('WhoSaves', () => {
  it('has this page save what nothing else is known about', () => {
    expect(leftTo({})).toBeNull();
  });

  it('leaves shared documents to their room, whatever else is so', () => {
    expect(leftTo({ autosaves: () => false, writer: () => 'other-tab-writes' }, 'a.ipynb', true)).toBe(
      'room-saves'
    );
  });

  it('leaves a file to the page that writes it', () => {
    expect(leftTo({ writer: () => 'other-page-writes', autosaves: () => false })).toBe('other-page-writes');
  });

  it('saves nothing for a user who switched autosave off', () => {
    const off = { autosaves: () => false };
    expect(leftTo(off)).toBe('switched-off');
    expect(leftTo(off, 'Second:a.ipynb')).toBe('switched-off');
    expect(leftTo({ ...off, isBroken: () => true, mode: () => 'journal' })).toBe('switched-off');
  });

  it('leaves other drives, broken documents and the mode of the journal to JupyterLab', () => {
    expect(leftTo({ writer: () => 'other-tab-writes' }, 'Second:a.ipynb')).toBe('other-drive');
    expect(leftTo({ isBroken: () => true })).toBe('save-looked-wrong');
    expect(leftTo({ mode: () => 'journal' })).toBe('lab-saves');
  });
});
