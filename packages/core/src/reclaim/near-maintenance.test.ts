import { NearMaintenance } from './near-maintenance.js';

const NOW = Date.UTC(2026, 10, 24, 14);
const HOUR = 3600_000;
const reboot = {
  key: 'reboot',
  kind: 'maintenance' as const,
  deadlineMs: NOW + 3 * 24 * HOUR,
  source: 'AWS'
};

describe('NearMaintenance', () => {
  it('keeps quiet about a reboot until an hour before it', () => {
    const near = new NearMaintenance();
    expect(near.filter([reboot], NOW)).toEqual([]);
    expect(near.filter([reboot], NOW + 71 * HOUR - 1)).toEqual([]);
    expect(near.filter([reboot], NOW + 71 * HOUR)).toEqual([reboot]);
  });

  it('does not take it back when the clock is set back, but when it is gone', () => {
    const near = new NearMaintenance();
    near.filter([reboot], NOW + 71 * HOUR);
    expect(near.filter([reboot], NOW)).toEqual([reboot]);
    expect(near.filter([], NOW)).toEqual([]);
    expect(near.filter([reboot], NOW)).toEqual([]);
  });

  it('holds nothing else back', () => {
    const others = [
      { ...reboot, key: 'freeze', deadlineMs: null },
      { ...reboot, key: 'terminate', kind: 'reclaim' as const }
    ];
    expect(new NearMaintenance().filter(others, NOW)).toEqual(others);
  });
});
