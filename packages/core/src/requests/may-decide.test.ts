import { mayDecide, subjectOf } from './index.js';

const LEAD = { hub: 'hub', name: 'lead' };
const asker = (user: string | null, groups: string[] = [], hub = 'hub') => ({ hub, user, groups });

describe('who decides about a request', () => {
  it('is whoever has the right, but never for her own', () => {
    expect(mayDecide({ kind: 'all' }, LEAD, asker('alice'))).toBe(true);
    expect(mayDecide({ kind: 'all' }, LEAD, asker('lead'))).toBe(false);
    expect(mayDecide(null, LEAD, asker('alice'))).toBe(false);
    // The same name at another hub is somebody else.
    expect(mayDecide({ kind: 'all' }, LEAD, asker('lead', [], 'other'))).toBe(true);
  });

  it('for a right by group, the requests of people in it, at the same hub', () => {
    const right = { kind: 'groups', groups: ['lab-a'] } as const;
    expect(mayDecide(right, LEAD, asker('alice', ['lab-b', 'lab-a']))).toBe(true);
    expect(mayDecide(right, LEAD, asker('alice', ['lab-b']))).toBe(false);
    expect(mayDecide(right, LEAD, asker('alice', ['lab-a'], 'other'))).toBe(false);
    expect(mayDecide(right, LEAD, asker('lead', ['lab-a']))).toBe(false);
  });

  it('is nobody where the asker was erased', () => {
    expect(mayDecide({ kind: 'all' }, LEAD, asker(null))).toBe(false);
  });
});

it('requests about the same have the same subject, whatever the version', () => {
  const torch = { kind: 'package', ecosystem: 'pypi', name: 'torch' } as const;
  expect(subjectOf({ ...torch, version: '2.9' })).toBe(subjectOf({ ...torch, version: null }));
  expect(subjectOf({ kind: 'help', title: 'x' })).toBeNull();
});
