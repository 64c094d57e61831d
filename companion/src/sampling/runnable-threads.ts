import { readdirSync } from 'node:fs';
import { OpenFile } from '../adapters/open-file.js';
import { ProcStat } from '../adapters/proc-stat.js';
import { codeOf } from '../failure.js';

/** More threads of one process are not looked at: far beyond any quota the answer is the same. */
const MOST_THREADS = 512;

const stat = new ProcStat();

/**
 * How many threads of a process run or wait for a CPU at this moment. Synchronous; three calls of the system for each
 * thread, so it is for moments when the answer matters.
 *
 * @returns null = the process is gone or may not be looked at.
 */
export function runnableThreads(procRoot: string, pid: number): number | null {
  const folder = `${procRoot}/${pid}/task`;
  let threads: string[];
  try {
    threads = readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === null) {
      throw error;
    }
    return null;
  }
  let runnable = 0;
  for (const thread of threads.slice(0, MOST_THREADS)) {
    const file = new OpenFile(`${folder}/${thread}/stat`);
    const length = file.read();
    file.close();
    // One that cannot be read has just ended.
    runnable += length > 0 && stat.parse(OpenFile.bytes, length) && stat.runnable ? 1 : 0;
  }
  return runnable;
}
