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
}

/** Lengths, in ms, of the tasks of a browser's trace in which a page left a mark. */
export function tasksWithMark(trace: Buffer, mark: string): number[] {
  const { traceEvents }: { traceEvents: readonly ITraceEvent[] } = JSON.parse(trace.toString('utf8'));
  const tasks = traceEvents.filter(({ name, ph }) => name === 'RunTask' && ph === 'X');
  const found = new Set<ITraceEvent>();
  for (const { pid, tid, ts } of traceEvents.filter(({ name }) => name === mark)) {
    const task = tasks.find(
      task => task.pid === pid && task.tid === tid && task.ts <= ts && ts <= task.ts + (task.dur ?? 0)
    );
    if (task) found.add(task);
  }
  return [...found].map(({ dur = 0 }) => dur / 1000);
}
