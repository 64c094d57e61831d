import { Drive } from '@jupyterlab/services';
import { leaveOtherDrivesAlone } from '../src/contents/other-drives.js';

describe('leaveOtherDrivesAlone', () => {
  it('has drives that do not know our provider do without it, and refuse others as before', () => {
    const drives = ['First', 'Second', 'Third'].map(name => new Drive({ name }));
    const [first, second, third] = drives.map(drive => drive.contentProviderRegistry);
    const provider = { get: jest.fn(), save: jest.fn() };
    first?.register('labkeeper', provider);
    expect(() => second?.getProvider('labkeeper')).toThrow();
    if (first) {
      leaveOtherDrivesAlone(first);
    }
    expect(first?.getProvider('labkeeper')).toBe(provider);
    expect(second?.getProvider('labkeeper')).toBeNull();
    expect(third?.getProvider('labkeeper')).toBeNull();
    expect(() => second?.getProvider('other')).toThrow();
    drives.forEach(drive => drive.dispose());
  });
});
