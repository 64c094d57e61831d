import type { Page } from '@playwright/test';

/** A time from the page's own clock, in ms since the Unix epoch. */
export interface ISpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What happened in a page while it was watched. */
export interface IPageLog {
  /** From each call of the document's `save()`, whoever called, until it was done. */
  readonly saves: readonly ISpan[];
  /** Tasks of the main thread of 50 ms and more (Long Tasks API). */
  readonly long: readonly ISpan[];
}

declare global {
  interface Window {
    benchLog?: { saves: { fromMs: number; toMs: number }[]; long: { fromMs: number; toMs: number }[] };
  }
}

/** The name of the mark that the page leaves in a trace when it hands a batch to the journal. */
export const BATCH_MARK = 'bench-batch';

/** Before the page is loaded: leaves a mark in the trace at each batch that goes to the journal. */
export async function markBatches(page: Page): Promise<void> {
  await page.addInitScript(mark => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
      if (typeof data === 'string' && data.slice(0, 200).includes('save/journal')) performance.mark(mark);
      send.call(this, data);
    };
  }, BATCH_MARK);
}

/** From now on saves and long tasks of the open document's page are noted. */
export async function startLog(page: Page): Promise<void> {
  await page.evaluate(() => {
    const log: NonNullable<Window['benchLog']> = { saves: [], long: [] };
    window.benchLog = log;
    const { context } = window.jupyterapp.shell.currentWidget as unknown as {
      context: { save(): Promise<void> };
    };
    const save = context.save.bind(context);
    context.save = async () => {
      const span = { fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY };
      log.saves.push(span);
      try {
        await save();
      } finally {
        span.toMs = Date.now();
      }
    };
    new PerformanceObserver(list => {
      for (const { startTime, duration } of list.getEntries()) {
        const fromMs = performance.timeOrigin + startTime;
        log.long.push({ fromMs, toMs: fromMs + duration });
      }
    }).observe({ type: 'longtask' });
  });
}

/** What was noted; a save that is still under way ends now. */
export async function readLog(page: Page): Promise<IPageLog> {
  return page.evaluate(() => {
    const nowMs = Date.now();
    const { saves = [], long = [] } = window.benchLog ?? {};
    return { saves: saves.map(({ fromMs, toMs }) => ({ fromMs, toMs: Math.min(toMs, nowMs) })), long };
  });
}

/** The share of a time in which at least one of the spans is under way, in percent. */
export function sharePercent(spans: readonly ISpan[], within: ISpan): number {
  let covered = 0;
  let reached = within.fromMs;
  for (const { fromMs, toMs } of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const end = Math.min(toMs, within.toMs);
    covered += Math.max(0, end - Math.max(fromMs, reached));
    reached = Math.max(reached, end);
  }
  return (100 * covered) / (within.toMs - within.fromMs);
}

/** The longest task, in ms, that overlaps one of the spans; 0 = none of 50 ms. */
export function longestDuring(tasks: readonly ISpan[], spans: readonly ISpan[]): number {
  const during = tasks.filter(task => spans.some(span => task.fromMs < span.toMs && task.toMs > span.fromMs));
  return Math.max(0, ...during.map(({ fromMs, toMs }) => toMs - fromMs));
}
