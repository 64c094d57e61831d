/** What is traced: tasks of the threads, and the marks that pages leave. */
export const TRACE_CATEGORIES = ['disabled-by-default-devtools.timeline', 'blink.user_timing'];

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
  const { traceEvents }: { traceEvents: readonly ITraceEvent[] } = JSON.parse(trace.toString('utf8'));
  const tasks = traceEvents.filter(({ name, ph }) => name === 'RunTask' && ph === 'X');
  const found = new Set<ITraceEvent>();
  for (const { pid, tid, ts } of traceEvents.filter(({ name }) => name === mark)) {
    const task = tasks.find(
      task => task.pid === pid && task.tid === tid && task.ts <= ts && ts <= task.ts + (task.dur ?? 0)
    );
    if (task) found.add(task);
  }
  return [...found].map(({ dur = 0, tdur }) => ({
    ms: dur / 1000,
    cpuMs: tdur === undefined ? null : tdur / 1000
  }));
}
