import { InheritedRuns } from '../src/journal/inherited-runs.js';

describe('runs of pages that are gone', () => {
  let closed: string[];
  let runs: InheritedRuns;
  beforeEach(() => {
    closed = [];
    runs = new InheritedRuns(run => void closed.push(run));
  });

  it("are closed when the page's own journal holds their work", () => {
    runs.add('left', { id: 'own', lastSeq: 3 });
    runs.durable('own', 2);
    runs.durable('other', 9);
    expect(closed).toEqual([]);
    runs.durable('own', 3);
    runs.durable('own', 4);
    expect(closed).toEqual(['left']);
  });

  it('wait for the first batch where nothing is sent yet, and for that of a journal which begins anew', () => {
    runs.add('left', null);
    runs.durable('own', 1);
    runs.renewed({ id: 'own', lastSeq: 1 });
    runs.renewed({ id: 'newer', lastSeq: 1 });
    runs.durable('own', 1);
    expect(closed).toEqual([]);
    runs.durable('newer', 1);
    expect(closed).toEqual(['left']);
  });

  it('are closed when the file holds everything', () => {
    runs.add('one', null);
    runs.add('two', { id: 'own', lastSeq: 1 });
    runs.close();
    runs.durable('own', 1);
    expect(closed).toEqual(['one', 'two']);
  });
});
