import fc from 'fast-check';
import {
  BOUND_MS,
  FILE_BOUND_MS,
  JOURNAL_MS,
  QUIET_MS,
  SaveSchedule,
  type ISchedulePolicy
} from './save-schedule.js';

const WITH_JOURNAL: ISchedulePolicy = { mode: 'full', journalWorks: true, browserWorks: true };
const JOURNAL_ONLY: ISchedulePolicy = { ...WITH_JOURNAL, mode: 'journal' };
const WITHOUT: ISchedulePolicy = { mode: 'full', journalWorks: false, browserWorks: false };

describe('SaveSchedule', () => {
  it('has nothing to do for a document that did not change', () => {
    const schedule = new SaveSchedule();
    expect(schedule.due(1e6, WITH_JOURNAL)).toEqual({ journal: false, save: false });
    expect(schedule.nextDueMs(1e6, WITH_JOURNAL)).toBeNull();
  });

  it('sends to the journal when nothing changed for three seconds, and saves the file later', () => {
    const schedule = new SaveSchedule();
    schedule.changed(1000);
    schedule.changed(2000);
    expect(schedule.due(4999, WITH_JOURNAL)).toEqual({ journal: false, save: false });
    expect(schedule.nextDueMs(2000, WITH_JOURNAL)).toBe(5000);
    expect(schedule.due(5000, WITH_JOURNAL)).toEqual({ journal: true, save: false });
    const count = schedule.sent();
    expect(schedule.due(5000, WITH_JOURNAL).journal).toBe(false);
    expect(schedule.unsafeSinceMs).toBe(1000);
    schedule.journaled(count);
    expect(schedule.unsafeSinceMs).toBeNull();
    expect(schedule.unsavedSinceMs).toBe(1000);
    expect(schedule.nextDueMs(5000, WITH_JOURNAL)).toBe(26_000);
    expect(schedule.due(26_000, WITH_JOURNAL).save).toBe(true);
  });

  it('gives the browser what was sent to a journal that stopped before it was durable, once', () => {
    const schedule = new SaveSchedule();
    const stopped: ISchedulePolicy = { ...WITH_JOURNAL, journalWorks: false };
    schedule.changed(0);
    schedule.sent();
    expect(schedule.due(10_000, WITH_JOURNAL).journal).toBe(false);
    expect(schedule.due(10_000, stopped).journal).toBe(true);
    schedule.stored(schedule.sent());
    expect(schedule.due(10_000, stopped).journal).toBe(false);
    expect(schedule.unsafeSinceMs).toBe(0);
    schedule.changed(11_000);
    expect(schedule.due(12_999, stopped).journal).toBe(false);
    expect(schedule.due(13_000, stopped).journal).toBe(true);
  });

  it('sends six seconds after the first change while changes go on, and then no more often', () => {
    const schedule = new SaveSchedule();
    const sentAtMs: number[] = [];
    for (let nowMs = 0; nowMs <= 30_000; nowMs += 100) {
      if (nowMs <= 20_000) {
        schedule.changed(nowMs);
      }
      if (schedule.due(nowMs, WITH_JOURNAL).journal) {
        sentAtMs.push(nowMs);
        schedule.journaled(schedule.sent());
      }
    }
    expect(sentAtMs).toEqual([6000, 12_100, 18_200, 23_000]);
    expect(schedule.unsafeSinceMs).toBeNull();
  });

  it('waits for the journal no longer than six seconds, nor three after the last change, however changes come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 50 }), pausesMs => {
        const schedule = new SaveSchedule();
        let nowMs = 0;
        for (const pauseMs of [...pausesMs, 10_000]) {
          const nextMs = nowMs + pauseMs;
          for (let dueMs = schedule.nextDueMs(nowMs, JOURNAL_ONLY); dueMs !== null && dueMs < nextMs;) {
            const since = schedule.unsafeSinceMs ?? NaN;
            expect(dueMs).toBe(Math.min(since + JOURNAL_MS, nowMs + QUIET_MS));
            expect(schedule.due(dueMs, JOURNAL_ONLY).journal).toBe(true);
            schedule.journaled(schedule.sent());
            dueMs = schedule.nextDueMs(dueMs, JOURNAL_ONLY);
          }
          nowMs = nextMs;
          schedule.changed(nowMs);
        }
      })
    );
  });

  it('keeps a change that came during a save as unsaved', () => {
    const schedule = new SaveSchedule();
    schedule.changed(0);
    schedule.saveStarted(1000);
    schedule.changed(2000);
    expect(schedule.due(60_000, WITHOUT).save).toBe(false);
    expect(schedule.saveCompleted(5000)).toBe(true);
    expect(schedule.unsavedSinceMs).toBe(2000);
    schedule.saveStarted(6000);
    expect(schedule.saveCompleted(7000)).toBe(false);
    expect(schedule.unsavedSinceMs).toBeNull();
  });

  it('knows of two saves under way which content each held', () => {
    const schedule = new SaveSchedule();
    schedule.changed(0);
    schedule.saveStarted(1000);
    schedule.changed(2000);
    schedule.saveStarted(3000);
    expect(schedule.saveCompleted(4000)).toBe(true);
    expect(schedule.saveCompleted(5000)).toBe(false);
  });

  it('tries a save that failed again, later each time, and never gives up', () => {
    const schedule = new SaveSchedule();
    schedule.changed(0);
    const waits: number[] = [];
    let nowMs = 27_000;
    for (let attempt = 0; attempt < 6; attempt += 1) {
      expect(schedule.due(nowMs, WITHOUT).save).toBe(true);
      schedule.saveStarted(nowMs);
      schedule.saveFailed(nowMs);
      const next = schedule.nextDueMs(nowMs, WITHOUT) ?? Infinity;
      waits.push(next - nowMs);
      nowMs = next;
    }
    expect(waits).toEqual([2000, 5000, 10_000, 20_000, 20_000, 20_000]);
    expect(schedule.failures).toBe(6);
    expect(schedule.unsavedSinceMs).toBe(0);
  });

  it('leaves the file alone in journal mode', () => {
    const schedule = new SaveSchedule();
    schedule.changed(0);
    expect(schedule.due(1e6, { ...WITH_JOURNAL, mode: 'journal' })).toEqual({ journal: true, save: false });
  });

  it('sends everything again when the journal lost it, and says how old it is', () => {
    const schedule = new SaveSchedule();
    schedule.changed(1000);
    schedule.journaled(schedule.sent());
    expect(schedule.unsafeSinceMs).toBeNull();
    schedule.journalLost(20_000);
    expect(schedule.unsafeSinceMs).toBe(1000);
    expect(schedule.due(20_000, WITH_JOURNAL).journal).toBe(true);
    schedule.journaled(schedule.sent());
    expect(schedule.unsafeSinceMs).toBeNull();
  });

  it('has the browser hold what the journal held, when that cannot be reached', () => {
    const schedule = new SaveSchedule();
    schedule.changed(1000);
    schedule.journaled(schedule.sent());
    schedule.journalLost(20_000);
    expect(schedule.nowhereSinceMs).toBe(1000);
    expect(schedule.due(20_000, { ...WITH_JOURNAL, journalWorks: false }).journal).toBe(true);
    schedule.stored(schedule.sent());
    schedule.sendAgain(25_000);
    expect(schedule.unsafeSinceMs).toBe(1000);
    expect(schedule.nowhereSinceMs).toBeNull();
  });

  it('has nothing to send again when the file holds everything', () => {
    const schedule = new SaveSchedule();
    schedule.changed(0);
    schedule.sent();
    schedule.saveStarted(0);
    schedule.saveCompleted(10);
    schedule.journalLost(20);
    expect(schedule.unsafeSinceMs).toBeNull();
  });

  it('keeps the promise under any editing and any speed of saving, and saves no more than a tenth of the time', () => {
    fc.assert(
      fc.property(
        fc.record({
          pausesMs: fc.array(fc.integer({ min: 20, max: 20_000 }), { minLength: 20, maxLength: 80 }),
          saveMs: fc.integer({ min: 50, max: 12_000 }),
          durableMs: fc.integer({ min: 1, max: 20_000 }),
          journal: fc.boolean()
        }),
        ({ pausesMs, saveMs, durableMs, journal }) => {
          const seen = live(pausesMs, saveMs, durableMs, journal ? WITH_JOURNAL : WITHOUT);
          expect(seen.worstUnsafeMs).toBeLessThanOrEqual(BOUND_MS);
          if (journal) {
            expect(seen.savingMs / seen.livedMs).toBeLessThanOrEqual(0.11);
            if (saveMs <= 3000) {
              expect(seen.worstUnsavedMs).toBeLessThanOrEqual(FILE_BOUND_MS);
            }
          }
        }
      ),
      { numRuns: 150 }
    );
  });
});

/** Lives through edits, with saves and a journal that take their time, in steps of 100 ms. */
function live(
  pausesMs: readonly number[],
  saveMs: number,
  durableMs: number,
  policy: ISchedulePolicy
): { worstUnsafeMs: number; worstUnsavedMs: number; savingMs: number; livedMs: number } {
  const schedule = new SaveSchedule();
  const edits: number[] = [];
  let at = 0;
  for (const pause of pausesMs) {
    at += pause;
    edits.push(at);
  }
  const durable: { atMs: number; count: number }[] = [];
  let saveEndsMs: number | null = null;
  // The first save teaches how long one takes; before it nobody can know.
  schedule.saveStarted(-saveMs);
  schedule.saveCompleted(0);
  let [worstUnsafeMs, worstUnsavedMs, savingMs] = [0, 0, 0];
  const livedMs = at + 120_000;
  for (let nowMs = 0; nowMs <= livedMs; nowMs += 100) {
    while (edits.length > 0 && (edits[0] ?? 0) <= nowMs) {
      schedule.changed(edits.shift() ?? 0);
    }
    while (durable.length > 0 && (durable[0]?.atMs ?? 0) <= nowMs) {
      schedule.journaled(durable.shift()?.count ?? 0);
    }
    if (saveEndsMs !== null && saveEndsMs <= nowMs) {
      schedule.saveCompleted(nowMs);
      saveEndsMs = null;
    }
    const due = schedule.due(nowMs, policy);
    if (due.journal) {
      durable.push({ atMs: nowMs + durableMs, count: schedule.sent() });
    }
    if (due.save) {
      schedule.saveStarted(nowMs);
      saveEndsMs = nowMs + saveMs;
    }
    savingMs += saveEndsMs === null ? 0 : 100;
    worstUnsafeMs = Math.max(worstUnsafeMs, nowMs - (schedule.unsafeSinceMs ?? nowMs));
    worstUnsavedMs = Math.max(worstUnsavedMs, nowMs - (schedule.unsavedSinceMs ?? nowMs));
  }
  return { worstUnsafeMs, worstUnsavedMs, savingMs, livedMs };
}
