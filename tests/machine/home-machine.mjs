/** Time for booting, and for what each scenario of `inside/homes.mjs` does besides waiting. */
const BASE_MS = 240_000;
const SCENARIO_MS = 300_000;

/**
 * Plays scenarios of homes that are slow or hang: `inside/homes.mjs` inside, and here the disk that it asks for.
 *
 * @param machine - a PowerMachine.
 * @param order - only: names of scenarios, null = all; seconds: how long each watches the journal.
 * @param onReport - gets what a Reporting takes.
 * @returns the last lines of the console where the machine ended before it was done; null = it was.
 */
export async function playHomes(machine, order, onReport, onConsole = () => undefined) {
  const tail = [];
  let isDone = false;
  const take = report => {
    if (report.kind === 'disk') {
      machine.disk.flushMs = report.flushMs;
    } else if (report.kind === 'hang') {
      setTimeout(machine.disk.hang(), report.forMs);
    } else if (report.kind === 'done') {
      isDone = true;
    } else if (report.kind !== 'up') {
      onReport(report);
    }
  };
  const timeoutMs = BASE_MS + 4 * (SCENARIO_MS + 1000 * (order.seconds ?? 0));
  const hear = line => {
    tail.push(line);
    tail.splice(0, tail.length - 40);
    onConsole(line);
  };
  try {
    await machine.live('homes', order, take, { timeoutMs, onConsole: hear });
  } catch (error) {
    // What was reported until then counts, whatever ended the machine.
    tail.push(error.message);
  }
  return isDone ? null : tail;
}
