import { sharedAnswer } from './shared-answer.js';

it('many who ask at once, and soon after, are one question', async () => {
  let [asked, nowMs] = [0, 0];
  const ask = sharedAnswer(
    async () => (asked += 1),
    1000,
    () => nowMs
  );
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  nowMs = 999;
  expect(await ask()).toBe(1);
  nowMs = 1000;
  expect(await ask()).toBe(2);
});
