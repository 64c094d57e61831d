import { auditRight, mayEnter } from './audit-right.js';

const person = (...scopes: string[]) => ({ hub: 'hub', name: 'lead', groups: [], scopes });

describe('the right to read the log', () => {
  it('is for everything, for groups, or for nothing', () => {
    expect(auditRight(person('custom:labkeeper:audit', 'custom:labkeeper:audit!group=a'))).toEqual({
      kind: 'all'
    });
    expect(auditRight(person('custom:labkeeper:audit!group=b', 'custom:labkeeper:audit!group=a'))).toEqual({
      kind: 'groups',
      groups: ['a', 'b']
    });
    expect(auditRight(person('custom:labkeeper:approve', 'custom:labkeeper:auditor'))).toBeNull();
  });

  it('gives nothing for filters that are not by group', () => {
    expect(
      auditRight(
        person(
          'custom:labkeeper:audit!user=bob',
          'custom:labkeeper:audit!server=bob/',
          'custom:labkeeper:audit!group=',
          'custom:labkeeper:audit!'
        )
      )
    ).toBeNull();
  });

  it('wants access to this very service', () => {
    expect(mayEnter(person('access:services!service=labkeeper'), 'labkeeper')).toBe(true);
    expect(mayEnter(person('access:services'), 'labkeeper')).toBe(true);
    expect(mayEnter(person('access:services!service=labkeeper2', 'access:servers'), 'labkeeper')).toBe(false);
  });
});
