import { EnvironmentError, readEnvironment } from './environment.js';

const SOCKET = { LABKEEPER_SOCKET: '/run/labkeeper/companion.sock' };

describe('readEnvironment', () => {
  it('takes what is not set from the defaults', () => {
    expect(readEnvironment({ ...SOCKET, LABKEEPER_RUNBOOK_URL: ' ' }, '/home/ada')).toEqual({
      socketPath: SOCKET.LABKEEPER_SOCKET,
      homePath: '/home/ada',
      recorderPath: '/home/ada',
      serverPid: null,
      serverName: '',
      disabled: new Set(),
      runbookUrl: null,
      throttleMs: 300_000,
      build: 'development',
      warnings: []
    });
  });

  it.each(['0', '-1', 'soon', 'Infinity'])(
    'goes on with 5 minutes where %s are asked for, and says so',
    word => {
      const { throttleMs, warnings } = readEnvironment({ ...SOCKET, LABKEEPER_THROTTLE_MINUTES: word });
      expect(throttleMs).toBe(300_000);
      expect(warnings).toEqual([
        `LABKEEPER_THROTTLE_MINUTES is "${word}", it should be a number above 0: 5 minutes it is.`
      ]);
    }
  );

  it('lets the flight recorder live elsewhere than the home', () => {
    expect(readEnvironment({ ...SOCKET, LABKEEPER_HOME: '/volume' }, '/home/ada')).toMatchObject({
      homePath: '/home/ada',
      recorderPath: '/volume'
    });
  });

  it('reads fractions of a minute', () => {
    expect(readEnvironment({ ...SOCKET, LABKEEPER_THROTTLE_MINUTES: '0.5' }).throttleMs).toBe(30_000);
  });

  it('switches off the parts that it knows and names the others', () => {
    const { disabled, warnings } = readEnvironment({ ...SOCKET, LABKEEPER_DISABLE: 'gpu, METER metre' });
    expect([...disabled]).toEqual(['gpu', 'meter']);
    expect(warnings).toEqual(['LABKEEPER_DISABLE names no part of Labkeeper: metre.']);
  });

  it.each([
    ['no socket', {}, /LABKEEPER_SOCKET is not set/],
    ['a path that a socket cannot have', { LABKEEPER_SOCKET: `/${'é'.repeat(54)}` }, /is 109 bytes long/]
  ])('refuses %s', (_what, variables, sentence) => {
    expect(() => readEnvironment(variables)).toThrow(EnvironmentError);
    expect(() => readEnvironment(variables)).toThrow(sentence);
  });
});
