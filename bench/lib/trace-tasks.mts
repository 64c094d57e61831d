/** What is traced: tasks of all threads, and the marks that pages leave. Other categories that have tasks fill gigabytes. */
export const TRACE_CATEGORIES = ['toplevel', 'blink.user_timing'];
const TASK = 'ThreadControllerImpl::RunTask';

interface ITraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** In microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** The part of it in which the thread had a CPU. */
  readonly tdur?: number;
}

/** A task's length, and how much of it the thread worked and did not wait for a CPU. In ms. */
export interface ITask {
  readonly ms: number;
  readonly cpuMs: number | null;
}

/** Browsers blur the time of a mark by up to this much, so that no page can measure another; in microseconds. */
const BLUR_US = 200;

/**
 * The tasks of a browser's trace in which a page left a mark, and how many marks have none: at most the one that lies in
 * the task in which the trace began or ended.
 *
 * A mark that by its blurred time lies between two tasks belongs to the nearest; of two as near, to the longer one.
 */
export function tasksWithMark(trace: Buffer, mark: string): { tasks: ITask[]; unmatched: number } {
  const marks = [...eventsNamed(trace, mark)];
  const threads = new Set(marks.map(({ pid, tid }) => `${pid} ${tid}`));
  const best = new Map<ITraceEvent, { task: ITraceEvent; awayUs: number }>();
  for (const task of eventsNamed(trace, TASK)) {
    const { ph, pid, tid, ts, dur = 0 } = task;
    if (ph !== 'X' || !threads.has(`${pid} ${tid}`)) continue;
    for (const mark of marks) {
      if (mark.pid !== pid || mark.tid !== tid) continue;
      const awayUs = Math.max(ts - mark.ts, mark.ts - (ts + dur), 0);
      const known = best.get(mark);
      const isBetter =
        !known || awayUs < known.awayUs || (awayUs === known.awayUs && dur > (known.task.dur ?? 0));
      if (awayUs <= BLUR_US && isBetter) best.set(mark, { task, awayUs });
    }
  }
  const tasks = [...new Set([...best.values()].map(({ task }) => task))];
  return {
    tasks: tasks.map(({ dur = 0, tdur }) => ({
      ms: dur / 1000,
      cpuMs: tdur === undefined ? null : tdur / 1000
    })),
    unmatched: marks.length - best.size
  };
}

/** A trace is longer than a string may be; it has one event on each line. */
function* eventsNamed(trace: Buffer, name: string): Generator<ITraceEvent> {
  const label = `"name":"${name}"`;
  for (let at = trace.indexOf(label); at >= 0;) {
    const from = trace.lastIndexOf('\n', at) + 1;
    const end = trace.indexOf('\n', at);
    const line = trace.toString('utf8', from, end < 0 ? trace.length : end);
    const event: ITraceEvent = JSON.parse(line.replace(/(\],.*|,)$/, ''));
    if (event.name === name) yield event;
    at = end < 0 ? -1 : trace.indexOf(label, end);
  }
}
