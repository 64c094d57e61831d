import { RunningNow } from '../src/resume/running-now.js';

const cell = (msgId: string, source = 'x = 1') => ({ kernelId: 'k', msgId, cellId: 'c', source });

it('the cell that runs is the first that was asked for, since it was its turn', () => {
  let nowMs = 1000;
  let changes = 0;
  const running = new RunningNow(
    () => nowMs,
    () => (changes += 1)
  );
  expect(running.cell).toBeNull();
  running.executing(cell('1', '\n  \n  import numpy\nprint()'));
  nowMs = 2000;
  running.executing(cell('2', 'second'));
  expect(running.cell).toEqual({ kernelId: 'k', line: 'import numpy', sinceMs: 1000, waiting: 1 });
  nowMs = 3000;
  running.executed('1');
  expect(running.cell).toEqual({ kernelId: 'k', line: 'second', sinceMs: 3000, waiting: 0 });
  running.executed('another page’s');
  expect(changes).toBe(3);
  running.kernelEnded();
  expect(running.cell).toBeNull();
});

it('a long first line is cut, not through a character', () => {
  const running = new RunningNow(Date.now, () => undefined);
  running.executing(cell('1', `${'x'.repeat(199)}😀`));
  expect(running.cell?.line).toBe('x'.repeat(199));
});
