import { Writers, type IWriterPage } from '../../src/save/writers.js';

class Page implements IWriterPage {
  readonly heard: string[][] = [];
  elsewhere(paths: readonly string[]): void {
    this.heard.push([...paths]);
  }
}
const writes = (...paths: string[]) => paths.map(path => ({ path, writes: true }));

describe('Writers', () => {
  let writers: Writers;
  let one: Page;
  let other: Page;
  beforeEach(() => {
    writers = new Writers();
    one = new Page();
    other = new Page();
  });

  it('lets the first page write, and says so to the second one', () => {
    writers.opened(one, writes('a.ipynb'));
    writers.opened(other, writes('a.ipynb', 'b.ipynb'));
    expect(one.heard).toEqual([]);
    expect(other.heard).toEqual([['a.ipynb']]);
  });

  it('lets the second page write when the first one closes the document, or goes', () => {
    writers.opened(one, writes('a.ipynb', 'b.ipynb'));
    writers.opened(other, writes('a.ipynb', 'b.ipynb'));
    writers.opened(one, writes('b.ipynb'));
    writers.gone(one);
    expect(other.heard).toEqual([['a.ipynb', 'b.ipynb'], ['b.ipynb'], []]);
  });

  it('keeps the order when a page opens something else or tells the same again', () => {
    writers.opened(one, writes('a.ipynb'));
    writers.opened(other, writes('a.ipynb'));
    writers.opened(one, writes('c.ipynb', 'a.ipynb'));
    writers.opened(one, writes('a.ipynb'));
    expect(one.heard).toEqual([]);
    expect(other.heard).toEqual([['a.ipynb']]);
  });

  it('does not count a page that would not write, but tells it who does', () => {
    writers.opened(one, [{ path: 'a.ipynb', writes: false }]);
    writers.opened(other, writes('a.ipynb'));
    expect(one.heard).toEqual([['a.ipynb']]);
    expect(other.heard).toEqual([]);
  });

  it('forgets a page that was never heard of', () => {
    writers.gone(one);
    writers.opened(other, writes('a.ipynb'));
    expect(other.heard).toEqual([]);
  });
});
