import { HeldPolls } from './held-polls.js';

const NONE = { news: () => null };

describe('questions that wait', () => {
  let nowMs = 0;
  let polls: HeldPolls<string>;
  let count = 0;
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    nowMs = 0;
    polls = new HeldPolls({ monotonicMs: () => nowMs, holdMs: 5000, changed: now => (count = now) });
  });
  afterEach(() => {
    polls.close();
    jest.useRealTimers();
  });
  const pass = (ms: number): void => {
    nowMs += ms;
    jest.advanceTimersByTime(ms);
  };

  it('are answered when their time is over, each in its own', () => {
    const answers: string[] = [];
    polls.hold('a', { ...NONE, answer: news => answers.push(`a ${news}`) });
    pass(3000);
    polls.hold('b', { ...NONE, answer: news => answers.push(`b ${news}`) });
    pass(2000);
    expect(answers).toEqual(['a null']);
    pass(3000);
    expect(answers).toEqual(['a null', 'b null']);
    expect(count).toBe(0);
  });

  it('need one timer, however many they are', () => {
    for (let i = 0; i < 10_000; i += 1) {
      polls.hold(`${i}`, { ...NONE, answer: () => undefined });
    }
    expect([count, jest.getTimerCount()]).toEqual([10_000, 1]);
  });

  it('are one for each asker: a second ends the first', () => {
    const answers: string[] = [];
    polls.hold('a', { ...NONE, answer: news => answers.push(`first ${news}`) });
    const leave = polls.hold('a', { ...NONE, answer: news => answers.push(`second ${news}`) });
    expect([answers, count]).toEqual([['first null'], 1]);
    leave?.();
    pass(6000);
    expect([answers, count]).toEqual([['first null'], 0]);
  });

  it('are answered at once where there is news, and the others wait on', async () => {
    const answers: (string | null)[] = [];
    for (let i = 0; i < 1000; i += 1) {
      polls.hold(`${i}`, { news: () => (i % 2 ? `${i}` : null), answer: news => answers.push(news) });
    }
    await polls.lookAtAll();
    expect(answers).toEqual(Array.from({ length: 500 }, (_, i) => `${2 * i + 1}`));
    expect(count).toBe(500);
  });

  it('do not wait beyond the end of the service', () => {
    const answers: (string | null)[] = [];
    polls.hold('a', { ...NONE, answer: news => answers.push(news) });
    polls.close();
    polls.hold('b', { ...NONE, answer: news => answers.push(news) });
    expect(answers).toEqual([null, null]);
  });
});
