import { readJobEnds } from './wall-time.js';

const END = Date.UTC(2026, 10, 24, 18);

describe('readJobEnds', () => {
  it('knows no end where nobody says one', () => {
    expect(readJobEnds({ SLURM_JOB_ID: '7', SLURM_JOB_END_TIME: ' ' })).toEqual({ ends: [], warnings: [] });
  });

  it('reads the end that Slurm gives, in seconds', () => {
    expect(readJobEnds({ SLURM_JOB_ID: '7', SLURM_JOB_END_TIME: `${END / 1000}` }).ends).toEqual([
      { variable: 'SLURM_JOB_END_TIME', source: 'SLURM', endMs: END }
    ]);
  });

  it.each([
    ['2026-11-24T18:00:00Z', {}, 'LABKEEPER_END_TIME'],
    ['2026-11-24T19:00:00+01:00', { PBS_JOBID: '12.server' }, 'PBS'],
    [`${END}`, { LSB_JOBID: '12' }, 'LSF'],
    [`${END / 1000}`, { SLURM_JOB_ID: '12' }, 'SLURM']
  ])('reads %s in a job with %j', (text, job, source) => {
    expect(readJobEnds({ ...job, LABKEEPER_END_TIME: text })).toEqual({
      ends: [{ variable: 'LABKEEPER_END_TIME', source, endMs: END }],
      warnings: []
    });
  });

  it.each(['tonight', '3600', '2026-11-24T18:00:00', '-1', '99999999999999999999'])(
    'says that %s is no time, and keeps the other',
    text => {
      const { ends, warnings } = readJobEnds({
        LABKEEPER_END_TIME: text,
        SLURM_JOB_END_TIME: `${END / 1000}`
      });
      expect(ends).toHaveLength(1);
      expect(warnings).toEqual([
        `LABKEEPER_END_TIME is "${text}", which is no time: the end of the job is not known from it.`
      ]);
    }
  );
});
