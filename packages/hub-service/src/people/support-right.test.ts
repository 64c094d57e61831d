import { supportReach, supportReaders } from './support-right.js';

const entry = (people: readonly string[], hubs: readonly string[]) => ({
  people: [...people],
  hubs: [...hubs],
  reason: 'x'
});

describe('who may read the log of other hubs', () => {
  it('is nobody where the policy names nobody', () => {
    expect(supportReach({ switch: [] })({ hub: 'main', name: 'ana' })).toEqual([]);
  });

  it('is who is named, at the hub where she is named', () => {
    const reach = supportReach({
      switch: [],
      support: [
        entry(['ana@main', 'eva@east'], ['north', 'east', 'main']),
        entry(['ana@main'], ['east', 'south']),
        entry(['ana@firm.example@main'], ['west'])
      ]
    });
    expect(reach({ hub: 'main', name: 'ana' })).toEqual(['east', 'north', 'south']);
    expect(reach({ hub: 'east', name: 'eva' })).toEqual(['main', 'north']);
    expect(reach({ hub: 'main', name: 'ana@firm.example' })).toEqual(['west']);
    const readers = supportReaders({
      switch: [],
      support: [
        entry(['ana@main', 'eva@east'], ['north', 'east']),
        entry(['ana@main', 'bob@xeast'], ['east'])
      ]
    });
    expect(readers('east')).toEqual(['ana@main', 'bob@xeast']);
    expect([readers('main'), readers('nor')]).toEqual([[], []]);
    for (const [hub, name] of [
      ['east', 'ana'],
      ['main', 'eva'],
      ['main', 'Ana'],
      ['main', 'ana '],
      ['main', ''],
      ['firm.example', 'ana'],
      ['east', 'ana@main']
    ] as const) {
      expect([hub, name, reach({ hub, name })]).toEqual([hub, name, []]);
    }
  });
});
