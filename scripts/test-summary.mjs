/** The last lines of `npm test`: a table of the suites, what passed only at its second try, and the sum. */
export function summary(rows, total) {
  const number = (value, width) => `${value}`.padStart(width);
  const lines = rows.map(
    ([name, { passed, failed, skipped, retried }, seconds]) =>
      `${name.padEnd(10)} ${number(passed, 5)} passed ${number(failed, 4)} failed ${number(skipped, 4)} skipped ` +
      `${number(retried, 3)} at the second try ${number(seconds, 8)} s`
  );
  if (total.retried > 0) {
    lines.push(`${total.retried} passed at the second try; the output above names them as flaky`);
  }
  return [...lines, `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`];
}
