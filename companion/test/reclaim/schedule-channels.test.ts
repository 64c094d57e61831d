import { CullChannel } from '../../src/reclaim/cull-channel.js';
import { TrialChannel } from '../../src/reclaim/trial-channel.js';
import { WallTimeChannel } from '../../src/reclaim/wall-time-channel.js';
import { FakeClock } from '../fake-clock.js';
import { Heard } from './heard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('the end of a batch job', () => {
  const begin = (inMs: number) => {
    const clock = new FakeClock();
    const endMs = clock.wallMs() + inMs;
    const ends = [{ variable: 'SLURM_JOB_END_TIME', source: 'SLURM', endMs }];
    const heard = new Heard().start(new WallTimeChannel({ clock, ends, warningMs: 15 * MINUTE }));
    const statement = { key: 'SLURM_JOB_END_TIME', kind: 'wall-time', deadlineMs: endMs, source: 'SLURM' };
    return { clock, heard, statement };
  };

  it('is told from fifteen minutes before it', () => {
    const { clock, heard, statement } = begin(8 * HOUR);
    clock.advance(8 * HOUR - 15 * MINUTE - 1);
    expect(heard.now).toEqual([]);
    clock.advance(1);
    expect(heard.now).toEqual([statement]);
  });

  it('is told at once where the job is shorter than the warning', () => {
    const { heard, statement } = begin(5 * MINUTE);
    expect(heard.now).toEqual([statement]);
  });

  it('is waited for by timers that do not overflow', () => {
    const { clock, heard } = begin(60 * 24 * HOUR);
    clock.advance(HOUR);
    expect(heard.now).toEqual([]);
  });

  it('is not heeded any more when the job outlives it by ten minutes', () => {
    const { clock, heard, statement } = begin(5 * MINUTE);
    clock.advance(15 * MINUTE - 1);
    expect(heard.now).toEqual([statement]);
    clock.advance(MINUTE);
    expect(heard.now).toEqual([]);
    expect(heard.troubles).toEqual([
      'The time in SLURM_JOB_END_TIME is past and the job still runs: it is not heeded any more.'
    ]);
    expect(clock.pending).toBe(0);
  });

  it('neither appears nor vanishes when the clock is set for a while', () => {
    const { clock, heard, statement } = begin(HOUR);
    clock.stepWall(50 * MINUTE);
    clock.advance(4 * MINUTE);
    expect(heard.now).toEqual([]);
    clock.stepWall(-50 * MINUTE);
    clock.advance(41 * MINUTE);
    expect(heard.now).toEqual([statement]);
    clock.stepWall(-5 * HOUR);
    clock.advance(10 * MINUTE);
    expect(heard.now).toEqual([statement]);
  });

  it('follows a clock that was wrong and was set right', () => {
    const { clock, heard, statement } = begin(HOUR);
    clock.advance(MINUTE);
    clock.stepWall(50 * MINUTE);
    clock.advance(7 * MINUTE);
    expect(heard.now).toEqual([statement]);
  });

  it('ends with its disposal', () => {
    const { clock, heard } = begin(HOUR);
    heard.stop();
    expect(clock.pending).toBe(0);
  });
});

describe('culling', () => {
  const begin = () => {
    const clock = new FakeClock();
    let activeAtMs: number | null = clock.monotonicMs();
    const heard = new Heard().start(
      new CullChannel({
        clock,
        timeoutMs: HOUR,
        warningMs: 10 * MINUTE,
        idleMs: () => (activeAtMs === null ? null : clock.monotonicMs() - activeAtMs)
      })
    );
    return { clock, heard, touch: (atMs: number | null) => (activeAtMs = atMs) };
  };

  it('is told ten minutes before, and withdrawn when somebody comes back', () => {
    const { clock, heard, touch } = begin();
    const deadlineMs = clock.wallMs() + HOUR;
    clock.advance(50 * MINUTE - 1);
    expect(heard.now).toEqual([]);
    clock.advance(1);
    expect(heard.now).toMatchObject([{ key: 'cull', kind: 'cull', deadlineMs, source: 'JupyterHub' }]);
    touch(clock.monotonicMs());
    clock.advance(5000);
    expect(heard.now).toEqual([]);
  });

  it('is a new statement when somebody was there in between, the same one otherwise', () => {
    const { clock, heard, touch } = begin();
    clock.advance(51 * MINUTE);
    const first = heard.now[0];
    clock.advance(MINUTE);
    expect(heard.now[0]).toEqual(first);
    touch(clock.monotonicMs() - 50 * MINUTE);
    clock.advance(5000);
    expect(heard.now[0]?.revision).not.toBe(first?.revision);
  });

  it('is not told while nobody knows how idle the server is', () => {
    const { clock, heard, touch } = begin();
    touch(null);
    clock.advance(5 * HOUR);
    expect(heard.now).toEqual([]);
  });
});

describe('a trial', () => {
  it('is told with its deadline and is over ten seconds after it', () => {
    const clock = new FakeClock();
    const trial = new TrialChannel(clock);
    const heard = new Heard().start(trial);
    const deadlineMs = clock.wallMs() + 30_000;
    trial.begin(30);
    expect(heard.now).toEqual([{ key: '1', kind: 'trial', deadlineMs, source: 'you' }]);
    clock.stepWall(-HOUR);
    clock.advance(39_999);
    expect(heard.now).toHaveLength(1);
    clock.advance(1);
    expect(heard.now).toEqual([]);
  });

  it('can be ended, and makes place for another one', () => {
    const clock = new FakeClock();
    const trial = new TrialChannel(clock);
    const heard = new Heard().start(trial);
    trial.begin(120);
    trial.begin(15);
    expect(heard.now).toMatchObject([{ key: '2', deadlineMs: clock.wallMs() + 15_000 }]);
    trial.begin(0);
    expect(heard.now).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
