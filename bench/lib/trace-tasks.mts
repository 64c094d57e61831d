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

/** The tasks of a browser's trace in which a page left a mark. */
export function tasksWithMark(trace: Buffer, mark: string): ITask[] {
  const marks = [...eventsNamed(trace, mark)];
  const threads = new Set(marks.map(({ pid, tid }) => `${pid} ${tid}`));
  const covered = new Set<ITraceEvent>();
  const found: ITask[] = [];
  for (const { ph, pid, tid, ts, dur = 0, tdur } of eventsNamed(trace, TASK)) {
    if (ph !== 'X' || !threads.has(`${pid} ${tid}`)) continue;
    const within = marks.filter(
      mark => mark.pid === pid && mark.tid === tid && ts <= mark.ts && mark.ts <= ts + dur
    );
    within.forEach(mark => covered.add(mark));
    if (within.length > 0) found.push({ ms: dur / 1000, cpuMs: tdur === undefined ? null : tdur / 1000 });
  }
  // One may be in the task in which the trace began or ended.
  if (covered.size < marks.length - 1)
    throw new Error(`the trace has no task for ${marks.length - covered.size} of ${marks.length} marks`);
  return found;
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
