import { OwnCourse } from './own-course.js';

it('asks at once, and then at most every ten seconds, when there may be news', () => {
  const course = new OwnCourse(() => 0);
  expect(course.dueMs(0)).toBe(0);
  course.began(0);
  course.succeeded();
  expect(course.dueMs(60_000)).toBeNull();
  course.stale();
  expect([course.dueMs(0), course.dueMs(4000), course.dueMs(20_000)]).toEqual([10_000, 6000, 0]);
});

it('asks again for what became stale while it was asked', () => {
  const course = new OwnCourse(() => 0);
  course.began(0);
  course.stale();
  course.succeeded();
  expect(course.dueMs(10_000)).toBe(0);
});

it('backs off after failures, and does as the service asks', () => {
  const course = new OwnCourse(() => 0.5);
  const pauses: (number | null)[] = [];
  for (let failures = 0; failures < 8; failures += 1) {
    course.began(0);
    course.failed(0, null);
    pauses.push(course.dueMs(0));
  }
  expect(pauses).toEqual([10_500, 11_000, 12_000, 14_000, 18_000, 26_000, 32_500, 32_500]);
  course.failed(0, 120_000);
  expect(course.dueMs(0)).toBe(142_500);
  course.failed(0, 1e12);
  expect(course.dueMs(0)).toBe(3_600_000 + 22_500);
  course.succeeded();
  course.failed(0, null);
  expect(course.dueMs(0)).toBe(10_500);
});
