/** Seconds that each suite took on the machine it was last timed on; only how they stand to each other counts. */
const SECONDS = {
  lint: 59,
  schemas: 1,
  units: 490,
  python: 279,
  wheels: 39,
  browser: 972,
  docker: 37,
  machine: 424
};

/**
 * Whether a suite is likely to end in time, by how long those before it took here.
 *
 * @param name - of the suite.
 * @param done - those that ran: names and the seconds that each took.
 * @param leftS - seconds until all is to be over; Infinity = there is no such time.
 * @returns null = it is; else why it is not begun.
 */
export function whyNotBegun(name, done, leftS) {
  const expected = done.reduce((sum, [suite]) => sum + SECONDS[suite], 0);
  const took = done.reduce((sum, [, seconds]) => sum + seconds, 0);
  const needsS = SECONDS[name] * (expected > 0 ? took / expected : 1);
  return needsS <= leftS
    ? null
    : `Not run: at the pace of this machine it needs ${Math.ceil(needsS / 60)} minutes, and ` +
        `${Math.max(0, Math.floor(leftS / 60))} are left of the time that LABKEEPER_TEST_UNTIL gives.`;
}
