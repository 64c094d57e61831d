import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { isTrial } from './trial.mts';

/** Above this share of time with a task waiting for a CPU, in percent over 10 s, a timing means nothing. */
const BUSY_PERCENT = 5;

/** One line that says what machine a figure is from. */
export function describeMachine(): string {
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${kernel}, Node ${process.version}`;
}

/** The commit that is measured; ends in `+` when the working tree differs from it. */
export function currentCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const dirty =
    git('status', '--porcelain', '--untracked-files=no', '--', ':!bench/results', ':!bench/RESULTS.md') !==
    '';
  return git('rev-parse', '--short=12', 'HEAD') + (dirty ? '+' : '');
}

/** Share of the last 10 s in which a task waited for a CPU, in percent; null = this kernel does not tell. */
export function cpuPressure(): number | null {
  try {
    const match = /^some avg10=([\d.]+)/.exec(readFileSync('/proc/pressure/cpu', 'utf8'));
    return match ? Number(match[1]) : null;
  } catch {
    return null; // A kernel without pressure information: nothing to judge by.
  }
}

/** Waits until the machine is quiet; not in a trial. @throws when it is not within `patienceMs`: such a timing would mean nothing. */
export async function whenQuiet(patienceMs = 120_000): Promise<void> {
  if (isTrial) return;
  const end = Date.now() + patienceMs;
  for (;;) {
    const busy = cpuPressure();
    if (busy === null || busy <= BUSY_PERCENT) return;
    if (Date.now() > end)
      throw new Error(
        `the machine is busy (CPU pressure ${busy} %, limit ${BUSY_PERCENT} %); no timing was taken`
      );
    await new Promise(resolve => setTimeout(resolve, 2000));
  }
}
