import * as fc from 'fast-check';
import type { StreamHead } from '@labkeeper/protocol';
import { fullJitterMs } from './full-jitter.js';
import { NOTHING_YET } from './record-chain.js';
import { RelayCourse, type IWaitingStream } from './relay-course.js';

const head = (seq: number): StreamHead =>
  seq === 0 ? NOTHING_YET : { seq, hash: `${seq}`.padStart(64, 'f') };
const fates = fc.constantFrom(
  'good',
  'good',
  'good',
  'unreached',
  'lost',
  'lost-answer',
  'later',
  'ticket',
  'too-large'
);

/** Plays a course against a service that has the fates of requests in a list. */
function play(list: readonly string[], lasts: readonly number[]) {
  const course = new RelayCourse(() => 0.5);
  const stored = new Map<string, number>();
  const streams: IWaitingStream[] = lasts.map((last, index) => ({ boot: `boot-${index}`, last }));
  let nowMs = 0;
  let requests = 0;
  for (const fate of [...list, ...new Array<string>(2000).fill('good')]) {
    const step = course.next(nowMs, streams);
    if (step.do === 'wait') {
      if (step.ms === null) {
        break;
      }
      nowMs += step.ms;
      continue;
    }
    requests += 1;
    nowMs += 10;
    if (fate === 'lost' || fate === 'unreached' || fate === 'later') {
      const failure = fate === 'lost' ? 'away' : fate;
      course.failed(nowMs, failure, fate === 'later' ? 5000 : null);
    } else if (step.do === 'ticket') {
      course.gotTicket(nowMs, 600_000);
    } else if (fate === 'ticket') {
      course.failed(nowMs, 'ticket');
    } else if (step.do === 'head') {
      course.reached(step.boot, head(stored.get(step.boot) ?? 0));
    } else if (fate === 'too-large' && step.records > 1) {
      course.failed(nowMs, 'too-large');
    } else {
      // What is sent always begins where the service is: nothing twice, nothing left out.
      expect(step.after).toEqual(head(stored.get(step.boot) ?? 0));
      const last = streams.find(({ boot }) => boot === step.boot)?.last ?? 0;
      stored.set(step.boot, Math.min(last, step.after.seq + step.records));
      if (fate === 'lost-answer') {
        course.failed(nowMs, 'away');
      } else {
        course.reached(step.boot, head(stored.get(step.boot) ?? 0));
      }
    }
  }
  return { stored: lasts.map((_, index) => stored.get(`boot-${index}`) ?? 0), requests, course, nowMs };
}

describe('the way of records to the hub', () => {
  it('brings all of them there once and in order, whatever is lost on the way', () => {
    fc.assert(
      fc.property(
        fc.array(fates, { maxLength: 60 }),
        fc.array(fc.nat({ max: 3000 }), { minLength: 1, maxLength: 4 }),
        (list, lasts) => {
          expect(play(list, lasts).stored).toEqual(lasts);
        }
      )
    );
  });

  it('takes one ticket, one head and as few batches as possible', () => {
    expect(play([], [1200]).requests).toBe(2 + 3);
  });

  it('goes on where it was after a while in which nobody took a connection', () => {
    const course = new RelayCourse(() => 0);
    const streams = [{ boot: 'b', last: 3 }];
    course.gotTicket(0, 600_000);
    course.reached('b', head(2));
    course.failed(1, 'unreached');
    expect(course.next(1, streams)).toMatchObject({ do: 'send', after: head(2) });
    course.failed(2, 'away');
    expect(course.next(2, streams)).toEqual({ do: 'head', boot: 'b' });
  });

  it('counts anew when somebody answers again after a long while, though only to say: later', () => {
    const course = new RelayCourse(() => 0.5);
    for (let i = 0; i < 10; i++) course.failed(0, 'unreached');
    expect(course.next(0, [{ boot: 'b', last: 1 }])).toEqual({ do: 'wait', ms: 22_500 });
    course.failed(0, 'later', 2000);
    expect(course.next(0, [{ boot: 'b', last: 1 }])).toEqual({ do: 'wait', ms: 2500 });
    course.failed(0, 'later', 2000);
    expect(course.next(0, [{ boot: 'b', last: 1 }])).toEqual({ do: 'wait', ms: 3000 });
  });

  it('goes on to wait longer where the service is so busy that it answers only now and then', () => {
    const course = new RelayCourse(() => 0.5);
    const waits = (['away', 'later', 'away', 'later', 'away'] as const).map(failure => {
      course.failed(0, failure);
      return course.next(0, [{ boot: 'b', last: 1 }]);
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000].map(ms => ({ do: 'wait', ms })));
  });

  it('waits with growing pauses, each anything up to its bound and never above 45 s', () => {
    for (let failures = 0; failures < 100; failures += 1) {
      expect(fullJitterMs(failures, 0)).toBe(0);
      expect(fullJitterMs(failures, 1)).toBe(Math.min(45_000, 1000 * 2 ** failures));
    }
  });

  it('waits as long as the service asks, and a little more', () => {
    const course = new RelayCourse(() => 0.5);
    course.failed(0, 'later', 30_000);
    expect(course.next(0, [{ boot: 'b', last: 1 }])).toEqual({ do: 'wait', ms: 30_500 });
    course.failed(0, 'later', 1e12);
    expect(course.next(0, [{ boot: 'b', last: 1 }])).toEqual({ do: 'wait', ms: 3_600_000 + 1000 });
  });

  it('asks seldom where it is refused for good, and at once where only a ticket has ended', () => {
    const course = new RelayCourse(() => 0);
    const streams = [{ boot: 'b', last: 1 }];
    course.gotTicket(0, 600_000);
    course.failed(0, 'ticket');
    expect(course.next(0, streams)).toEqual({ do: 'ticket' });
    course.failed(0, 'refused');
    expect(course.next(0, streams)).toEqual({ do: 'wait', ms: 600_000 });
  });

  it('renews a ticket before it ends, also one with a very short life', () => {
    const course = new RelayCourse(() => 0);
    const streams = [{ boot: 'b', last: 1 }];
    course.gotTicket(0, 600_000);
    expect(course.next(539_999, streams)).toEqual({ do: 'head', boot: 'b' });
    expect(course.next(540_000, streams)).toEqual({ do: 'ticket' });
    course.gotTicket(540_000, 0);
    expect(course.next(540_000, streams)).toEqual({ do: 'head', boot: 'b' });
  });
});
