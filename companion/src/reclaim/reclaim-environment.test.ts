import { readReclaimEnvironment } from './reclaim-environment.js';

const SOCKET = '/run/labkeeper/companion.sock';
const read = (variables: Readonly<Record<string, string>>) => readReclaimEnvironment(variables, SOCKET);

describe('readReclaimEnvironment', () => {
  it('takes what is not set from the defaults', () => {
    expect(read({ LABKEEPER_RECLAIM_FILE: ' ', LABKEEPER_CLOUD: '' })).toEqual({
      filePath: null,
      port: null,
      token: null,
      tokenPath: '/run/labkeeper/reclaim-token',
      cloud: 'auto',
      jobEnds: [],
      endWarningMs: 900_000,
      cull: null,
      variables: 'auto',
      warnings: []
    });
  });

  it('reads what is set', () => {
    expect(
      read({
        LABKEEPER_RECLAIM_FILE: '/etc/podinfo',
        LABKEEPER_RECLAIM_PORT: '8123',
        LABKEEPER_RECLAIM_TOKEN: 'correct-horse-battery-staple',
        LABKEEPER_CLOUD: 'Azure',
        LABKEEPER_END_TIME: '2026-11-24T18:00:00Z',
        LABKEEPER_END_WARNING_MINUTES: '30',
        LABKEEPER_CULL_TIMEOUT_MINUTES: '60',
        LABKEEPER_CULL_WARNING_MINUTES: '0.5',
        LABKEEPER_CULL_OPEN_PAGES: 'ignore',
        LABKEEPER_VARIABLES: 'Idle'
      })
    ).toEqual({
      filePath: '/etc/podinfo',
      port: 8123,
      token: 'correct-horse-battery-staple',
      tokenPath: '/run/labkeeper/reclaim-token',
      cloud: 'azure',
      jobEnds: [
        {
          variable: 'LABKEEPER_END_TIME',
          source: 'LABKEEPER_END_TIME',
          endMs: Date.UTC(2026, 10, 24, 18)
        }
      ],
      endWarningMs: 1_800_000,
      cull: { timeoutMs: 3_600_000, warningMs: 30_000, openPagesCount: false },
      variables: 'idle',
      warnings: []
    });
  });

  it.each([
    ['LABKEEPER_RECLAIM_FILE', 'notice', 'an absolute path: no file is watched'],
    ['LABKEEPER_RECLAIM_PORT', '70000', 'a port from 1 to 65535: the endpoint stays closed'],
    ['LABKEEPER_RECLAIM_PORT', '0x50', 'a port from 1 to 65535: the endpoint stays closed'],
    ['LABKEEPER_CLOUD', 'oracle', 'one of aws, gcp, azure, auto, off: "auto" it is'],
    ['LABKEEPER_END_WARNING_MINUTES', '-5', 'a number above 0: 15 minutes it is'],
    ['LABKEEPER_CULL_TIMEOUT_MINUTES', 'never', 'a number above 0: culling is not told'],
    ['LABKEEPER_CULL_WARNING_MINUTES', '0', 'a number above 0: 10 minutes it is'],
    ['LABKEEPER_CULL_OPEN_PAGES', 'no', 'one of count, ignore: they count'],
    ['LABKEEPER_VARIABLES', 'always', 'one of auto, idle, notice, off: "auto" it is']
  ])('goes on without %s=%s, and says so', (name, value, sentence) => {
    const { warnings, ...rest } = read({ [name]: value });
    expect({ ...rest, warnings: [] }).toEqual(read({}));
    expect(warnings).toEqual([`${name} is "${value}", it should be ${sentence}.`]);
  });

  it.each([
    ['short', 'short'],
    ['of several words', 'with spaces between the words'],
    ['very long', 'x'.repeat(2000)]
  ])('makes a secret of its own where the given one is %s, and does not quote it', (_what, token) => {
    const { token: taken, warnings } = read({ LABKEEPER_RECLAIM_TOKEN: token });
    expect(taken).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain(token);
  });

  it('says that an end is no time', () => {
    expect(read({ SLURM_JOB_END_TIME: 'Unknown' })).toMatchObject({
      jobEnds: [],
      warnings: [
        'SLURM_JOB_END_TIME is "Unknown", which is no time: the end of the job is not known from it.'
      ]
    });
  });
});
