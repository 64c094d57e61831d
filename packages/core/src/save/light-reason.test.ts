import { lightReason, waitsForUser, type ITroubles } from './light-reason.js';

const CALM: ITroubles = { failure: null, leftTo: null, journal: null, isLate: false, isSlow: false };
const of = (changes: Partial<ITroubles>) => lightReason({ ...CALM, ...changes });

describe('lightReason', () => {
  it('says nothing where nothing is in the way', () => {
    expect(of({})).toBeNull();
  });

  it('says why a save failed before anything else', () => {
    expect(of({ failure: 'disk-full', journal: 'companion-away' })).toBe('disk-full');
    expect(of({ failure: 'disk-full', leftTo: 'lab-saves' })).toBe('disk-full');
  });

  it('says that the file is saved instead of the journal only while that is so', () => {
    expect(of({ journal: 'companion-away' })).toBe('companion-away');
    expect(of({ journal: 'companion-away', isLate: true })).toBe('no-answer');
    expect(of({ journal: 'slow-home', isLate: true })).toBe('slow-home');
  });

  it('says that a save is slow before it has failed', () => {
    expect(of({ isSlow: true })).toBe('slow-save');
    expect(of({ isSlow: true, failure: 'no-answer' })).toBe('no-answer');
  });

  it('says that nobody keeps the work where neither file nor journal take it', () => {
    expect(of({ leftTo: 'switched-off', journal: 'companion-away' })).toBe('switched-off');
    expect(of({ leftTo: 'switched-off', journal: 'companion-away', isLate: true })).toBe('not-kept');
    expect(of({ leftTo: 'switched-off', failure: 'offline', journal: 'companion-away', isLate: true })).toBe(
      'not-kept'
    );
  });
});

describe('waitsForUser', () => {
  it('is so for files that nobody else saves', () => {
    expect(waitsForUser('switched-off')).toBe(true);
    expect(waitsForUser('other-page-writes')).toBe(true);
    expect(waitsForUser('room-saves')).toBe(false);
    expect(waitsForUser(null)).toBe(false);
  });
});
