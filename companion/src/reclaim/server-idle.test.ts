import { ServerIdle } from './server-idle.js';

describe('For how long the hub has seen no activity', () => {
  it('is not known before the server said so', () => {
    expect(new ServerIdle(true).ms(1000, 0)).toBeNull();
  });

  it('grows from what the server said last', () => {
    const idle = new ServerIdle(true);
    idle.heard(60_000, 1000);
    expect(idle.ms(31_000, 0)).toBe(90_000);
    idle.heard(0, 32_000);
    expect(idle.ms(33_000, 0)).toBe(1000);
  });

  it('begins anew when the last page is closed, where open pages count', () => {
    const idle = new ServerIdle(true);
    idle.heard(3600_000, 0);
    expect(idle.ms(1000, 1)).toBeNull();
    expect(idle.ms(6000, 0)).toBe(5000);
  });

  it('does not ask for pages where the proxy reports nothing', () => {
    const idle = new ServerIdle(false);
    idle.heard(3600_000, 0);
    expect(idle.ms(1000, 3)).toBe(3_601_000);
  });
});
