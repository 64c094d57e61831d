import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { ProcStat } from './proc-stat.js';

function line(name: string, state = 'S'): Buffer {
  return Buffer.from(
    `1234 (${name}) ${state} 40 1234 1230 0 -1 4194560 1 2 3 4 100 20 7 3 20 0 65 0 987654 999 12 1\n`
  );
}

describe('ProcStat', () => {
  it('takes the numbers from their places, whatever the name holds', () => {
    const names = fc.constantFrom('python', 'a b', 'ev)il', '((', ') S 1 1', '<b>x</b>', '');
    fc.assert(
      fc.property(names, name => {
        const stat = new ProcStat();
        const bytes = line(name);
        expect(stat.parse(bytes, bytes.length)).toBe(true);
        expect(stat).toMatchObject({
          ppid: 40,
          session: 1230,
          selfTicks: 120,
          childTicks: 10,
          threads: 65,
          startTicks: 987654,
          rssPages: 12,
          gone: false
        });
        expect(stat.name(bytes)).toBe(name);
      })
    );
  });

  it('knows a zombie', () => {
    const stat = new ProcStat();
    const bytes = line('python', 'Z');
    stat.parse(bytes, bytes.length);
    expect(stat.gone).toBe(true);
  });

  it('refuses a line that is cut or none', () => {
    const stat = new ProcStat();
    const whole = line('python');
    for (const length of [0, 5, 12, 30, whole.indexOf('987654')]) {
      expect(stat.parse(whole, length)).toBe(false);
    }
    expect(stat.parse(Buffer.from('no such thing'), 13)).toBe(false);
  });

  const path = `/proc/${process.pid}/stat`;
  const test = process.platform === 'linux' ? it : it.skip;
  test('reads this very process (only where there is a Linux /proc)', () => {
    const stat = new ProcStat();
    const bytes = readFileSync(path);
    expect(stat.parse(bytes, bytes.length)).toBe(true);
    expect(stat.ppid).toBe(process.ppid);
    expect(stat.threads).toBeGreaterThan(1);
  });
});
