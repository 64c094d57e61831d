import fc from 'fast-check';
import { lightOf, slowHomeMs, type ILightInput } from './light.js';

const CALM: ILightInput = {
  nowMs: 100_000,
  unsafeSinceMs: null,
  nowhereSinceMs: null,
  unsavedSinceMs: null,
  isSaving: false,
  reason: null,
  failing: false,
  waits: false,
  conflict: false,
  boundMs: 30_000,
  slowHomeMs: null
};
const at = (changes: Partial<ILightInput>) => lightOf({ ...CALM, ...changes });

describe('lightOf', () => {
  it('is safe, in the file, when nothing is unsaved', () => {
    expect(at({})).toEqual({ level: 'safe', ageMs: 0, place: 'file', reason: null, slowHomeMs: null });
  });

  it('says how old the safe state is while younger work is under way', () => {
    const changes = { unsafeSinceMs: 96_000, nowhereSinceMs: 96_000, unsavedSinceMs: 96_000 };
    expect(at(changes)).toMatchObject({ level: 'safe', ageMs: 4000, place: 'file' });
    expect(at({ ...changes, unsavedSinceMs: 80_000 })).toMatchObject({ place: 'journal' });
    expect(at({ ...changes, isSaving: true })).toMatchObject({ level: 'saving' });
  });

  it('says that work is in the journal alone while the save of the file fails, or waits for somebody', () => {
    const held = { level: 'journal', place: 'journal' };
    expect(at({ unsavedSinceMs: 10_000, failing: true, reason: 'read-only' })).toMatchObject({
      ...held,
      reason: 'read-only'
    });
    expect(at({ unsavedSinceMs: 10_000, waits: true, reason: 'switched-off' })).toMatchObject(held);
    // What the journal does not have either is as old as it is.
    expect(at({ unsavedSinceMs: 96_000, unsafeSinceMs: 96_000, failing: true }).level).toBe('safe');
    expect(at({ waits: true, reason: 'switched-off' }).level).toBe('safe');
  });

  it('turns when work is older than the bound, or half of it where something is known to be wrong', () => {
    const old = { unsafeSinceMs: 80_000, unsavedSinceMs: 80_000, nowhereSinceMs: 80_000 };
    expect(at(old).level).toBe('safe');
    expect(at({ ...old, reason: 'offline', failing: true })).toMatchObject({
      level: 'unsafe',
      ageMs: 20_000,
      reason: 'offline'
    });
    expect(at({ ...old, unsafeSinceMs: 69_000 }).level).toBe('unsafe');
    expect(at({ ...old, reason: 'offline', failing: true, nowhereSinceMs: null })).toMatchObject({
      level: 'browser',
      place: 'browser'
    });
  });

  it('shows a conflict only while the work is safe', () => {
    expect(at({ conflict: true }).level).toBe('conflict');
    expect(at({ conflict: true, unsafeSinceMs: 0, nowhereSinceMs: 0, unsavedSinceMs: 0 }).level).toBe(
      'unsafe'
    );
  });

  it('is never green for work older than the bound', () => {
    const since = fc.option(fc.nat(100_000));
    fc.assert(
      fc.property(
        fc.record({
          unsafeSinceMs: since,
          nowhereSinceMs: since,
          unsavedSinceMs: since,
          isSaving: fc.boolean(),
          conflict: fc.boolean(),
          reason: fc.constantFrom(null, 'offline' as const),
          failing: fc.boolean(),
          waits: fc.boolean()
        }),
        changes => {
          const light = at(changes);
          const age = changes.unsafeSinceMs === null ? 0 : 100_000 - changes.unsafeSinceMs;
          expect(light.ageMs).toBe(age);
          if (age > 30_000) {
            expect(['unsafe', 'browser']).toContain(light.level);
          }
        }
      )
    );
  });
});

describe('slowHomeMs', () => {
  it('is told where an fsync takes long, with the time until a change is sent', () => {
    expect(slowHomeMs(500)).toBeNull();
    expect(slowHomeMs(2000)).toBeNull();
    expect(slowHomeMs(9500)).toBe(16_500);
  });

  it('goes with the light, whatever that shows', () => {
    expect(at({ slowHomeMs: 13_500 })).toMatchObject({ level: 'safe', slowHomeMs: 13_500 });
    const old = { unsafeSinceMs: 1000, nowhereSinceMs: 1000, unsavedSinceMs: 1000 };
    expect(at({ ...old, slowHomeMs: 13_500 })).toMatchObject({ level: 'unsafe', slowHomeMs: 13_500 });
  });
});
