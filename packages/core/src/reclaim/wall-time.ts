import { readEpoch, readIsoTime } from './read-time.js';
import { quoted } from './statement.js';

/** When the batch job ends that this server runs in. */
export interface IJobEnd {
  /** The variable that said so. */
  readonly variable: string;
  /** Who said so, for people. */
  readonly source: string;
  readonly endMs: number;
}

/** Which scheduler a job is in, by a variable that it sets in every job. */
const SCHEDULERS = [
  ['SLURM_JOB_ID', 'SLURM'],
  ['PBS_JOBID', 'PBS'],
  ['LSB_JOBID', 'LSF']
] as const;

/**
 * The ends of the job that the environment names: `SLURM_JOB_END_TIME`, seconds since the Unix epoch (sbatch(1), since
 * Slurm 23.02), and `LABKEEPER_END_TIME`, an ISO time with a zone or a time since the Unix epoch in seconds or
 * milliseconds, for all schedulers that tell a job its length but not its end. An empty variable counts as not set.
 */
export function readJobEnds(variables: Readonly<Record<string, string | undefined>>): {
  readonly ends: readonly IJobEnd[];
  /** Sentences for the log about what was not understood. */
  readonly warnings: readonly string[];
} {
  const ends: IJobEnd[] = [];
  const warnings: string[] = [];
  const scheduler = SCHEDULERS.find(([variable]) => isSet(variables[variable]))?.[1];
  const take = (variable: string, source: string, read: (text: string) => number | null): void => {
    const text = variables[variable]?.trim() ?? '';
    const endMs = text === '' ? undefined : read(text);
    if (endMs === null) {
      warnings.push(
        `${variable} is ${quoted(text)}, which is no time: the end of the job is not known from it.`
      );
    } else if (endMs !== undefined) {
      ends.push({ variable, source, endMs });
    }
  };
  take('LABKEEPER_END_TIME', scheduler ?? 'LABKEEPER_END_TIME', text => readIsoTime(text) ?? epoch(text));
  take('SLURM_JOB_END_TIME', 'SLURM', epoch);
  return { ends, warnings };
}

function epoch(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? readEpoch(Number(text)) : null;
}

function isSet(value: string | undefined): boolean {
  return (value?.trim() ?? '') !== '';
}
