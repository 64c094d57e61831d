import { ServerClock } from './server-clock.js';

describe('The clock of the server', () => {
  it('is taken for the same while nothing is known', () => {
    expect(new ServerClock().aheadMs).toBe(0);
  });

  it('is known by the message that came without delay', () => {
    const clock = new ServerClock();
    clock.look(1000, 601_000 + 2800);
    clock.look(2000, 602_000 + 15);
    clock.look(3000, 603_000 + 400);
    expect(clock.aheadMs).toBe(600_015);
  });

  it('is known anew soon after one of the clocks was set', () => {
    const clock = new ServerClock();
    clock.look(0, 0);
    for (let at = 0; at < 16; at++) {
      clock.look(at * 1000, at * 1000 + 90_000);
    }
    expect(clock.aheadMs).toBe(90_000);
  });

  it('is not known of another connection', () => {
    const clock = new ServerClock();
    clock.look(0, 5000);
    clock.forget();
    expect(clock.aheadMs).toBe(0);
  });
});
