const SHOWN = 15;

/** The tests of a Playwright report that took longest, all their tries together, as lines for people. */
export function slowestPages(report) {
  const tests = [];
  const visit = (suite, titles) => {
    for (const inner of suite.suites ?? []) visit(inner, [...titles, inner.title]);
    for (const { title, tests: runs, line } of suite.specs ?? []) {
      const results = runs.flatMap(run => run.results);
      const ms = results.reduce((sum, { duration }) => sum + duration, 0);
      tests.push({
        ms,
        tries: results.length,
        name: [`${titles[0]}:${line}`, ...titles.slice(1), title].join(' › ')
      });
    }
  };
  for (const suite of report.suites) visit(suite, [suite.title]);
  const slowest = tests.sort((a, b) => b.ms - a.ms).slice(0, SHOWN);
  return [
    'The slowest, with what the first of a file waits for:',
    ...slowest.map(
      ({ ms, tries, name }) =>
        `${(ms / 1000).toFixed(1).padStart(8)} s ${tries > 1 ? `in ${tries} tries ` : ''}${name}`
    )
  ];
}
