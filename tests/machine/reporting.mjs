import { writeFile } from 'node:fs/promises';

/**
 * What a suite of scenarios says: a line for each, and at the end the line that `npm test` counts by.
 * A report is `{kind: 'passed' | 'failed', name, round, rounds, tookMs, why?}` and may hold more figures.
 */
export class Reporting {
  constructor(startMs = Date.now()) {
    this.startMs = startMs;
    this.reports = [];
  }

  take(report) {
    this.reports.push(report);
    const { kind, name, round, rounds, tookMs, why, ...figures } = report;
    const text = Object.entries(figures)
      .map(([key, value]) => `${key} ${String(value)}`)
      .join(', ');
    const which = rounds > 1 ? `${name} ${round}/${rounds}` : name;
    console.log(
      `  ${kind === 'passed' ? 'ok  ' : 'FAIL'} ${which} (${seconds(tookMs)})${text === '' ? '' : `: ${text}`}`
    );
    if (why !== undefined) {
      console.log(why.replace(/^/gm, '       '));
    }
  }

  /**
   * Runs each scenario that `only` names (null = all) as often as its `each(kills)` says, `atOnce` of them at a time.
   *
   * @param words - what each `run` gets; the round's number follows.
   */
  async run(scenarios, { only, kills, atOnce = 1 }, ...words) {
    const jobs = Object.entries(scenarios)
      .filter(([name]) => only === null || only.includes(name))
      .flatMap(([name, { run, each = () => 1 }]) => {
        const rounds = each(kills);
        return Array.from({ length: rounds }, (_, index) => ({ name, run, round: index + 1, rounds }));
      });
    const work = async () => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        const { name, run, round, rounds } = job;
        const startMs = Date.now();
        let outcome;
        try {
          outcome = { kind: 'passed', ...(await run(...words, round)) };
        } catch (error) {
          outcome = { kind: 'failed', why: describe(error) };
        }
        this.take({ name, round, rounds, tookMs: Date.now() - startMs, ...outcome });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /**
   * Prints the last line and writes the reports to `json` (undefined = nowhere).
   *
   * @param broken - whether the suite itself did not come to its end.
   * @returns the exit code.
   */
  async finish(json, broken = false) {
    if (json !== undefined) {
      await writeFile(json, `${JSON.stringify(this.reports, null, 2)}\n`);
    }
    const passed = this.reports.filter(({ kind }) => kind === 'passed').length;
    const failed = this.reports.length - passed + (broken ? 1 : 0);
    console.log(`  took ${seconds(Date.now() - this.startMs)}`);
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0 ? 0 : 1;
  }
}

/** A duration for people. */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** An error as a report carries it. */
export function describe(error) {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 4000);
}
