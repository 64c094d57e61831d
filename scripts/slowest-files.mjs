/** So many are listed. */
const LISTED = 15;

/**
 * Lines that say which files of tests took longest, so that whoever wants a faster run sees where its time goes.
 *
 * @param times - each a file's name and its seconds; one that comes several times is added up.
 */
export function slowestFiles(times) {
  const sums = new Map();
  for (const [file, seconds] of times) sums.set(file, (sums.get(file) ?? 0) + seconds);
  const sorted = [...sums].sort(([, one], [, other]) => other - one).slice(0, LISTED);
  return [
    `The slowest of ${sums.size} files:`,
    ...sorted.map(([file, seconds]) => `${seconds.toFixed(1).padStart(8)} s  ${file}`)
  ];
}
