import type { RunId } from '@labkeeper/protocol';
import type { HandedOver } from '../../src/save/hand-over.js';
import {
  ANSWER_MS,
  LEFT_MS,
  LeftWork,
  type ILeftWorkPage,
  type IShownDocument
} from '../../src/save/left-work.js';
import { FakeClock } from '../fake-clock.js';

const settled = () => new Promise(resolve => setImmediate(resolve));

class Page implements ILeftWorkPage {
  constructor(...paths: readonly string[]) {
    for (const path of paths) {
      this.show(path);
    }
  }

  show(path: string): void {
    const kind = path.endsWith('.ipynb') ? 'notebook' : 'text';
    this.shown.set(path, { path, kind, kernelId: `kernel of ${path}` });
  }

  readonly shown = new Map<string, IShownDocument>();
}

/** Runs whose pages are gone, and what is done about them. */
class Scene {
  readonly clock = new FakeClock();
  /** With the moment at which their page went. */
  readonly alone = new Map<RunId, { readonly path: string; readonly sinceMs: number }>();
  readonly sent: { run: RunId; page: Page }[] = [];
  readonly offered: RunId[] = [];
  answer: HandedOver = { kind: 'sent', rest: false };
  readonly work = new LeftWork<Page>({
    clock: this.clock,
    log: () => undefined,
    unattended: forMs =>
      [...this.alone]
        .filter(([, { sinceMs }]) => this.clock.monotonicMs() - sinceMs >= forMs)
        .map(([run, { path }]) => ({ run, path })),
    handOver: {
      send: (run, _, page) => {
        this.sent.push({ run, page });
        return Promise.resolve(this.answer);
      }
    },
    offer: run => {
      this.offered.push(run);
      return Promise.resolve();
    },
    review: () => undefined
  });

  leave(run: RunId, path: string): void {
    this.alone.set(run, { path, sinceMs: this.clock.monotonicMs() });
  }

  open(...paths: readonly string[]): Page {
    const page = new Page(...paths);
    this.work.add(page);
    this.work.changed();
    return page;
  }

  async passes(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      this.clock.advance(500);
      await settled();
    }
  }
}

describe('work that a page left', () => {
  it('goes to the next page that shows the notebook, a moment after the first one went', async () => {
    const scene = new Scene();
    scene.leave('a', 'a.ipynb');
    scene.open('b.ipynb');
    await scene.passes(60_000);
    expect(scene.sent).toEqual([]);
    expect(scene.clock.pending).toBe(0);
    scene.leave('b', 'b.ipynb');
    const page = scene.open('a.ipynb');
    await settled();
    expect(scene.sent).toEqual([{ run: 'a', page }]);
    scene.work.taken(page, 'a', true);
    await scene.passes(60_000);
    expect(scene.sent.map(({ run }) => run)).toEqual(['a', 'b']);
    expect(scene.offered).toEqual([]);
  });

  it('waits for its own page, whose connection may have broken', async () => {
    const scene = new Scene();
    scene.open('a.ipynb');
    scene.leave('a', 'a.ipynb');
    scene.work.changed();
    await scene.passes(LEFT_MS - 1000);
    expect(scene.sent).toEqual([]);
    // It is back.
    scene.alone.clear();
    await scene.passes(60_000);
    expect(scene.sent).toEqual([]);
    expect(scene.clock.pending).toBe(0);
  });

  it('is offered where it is more than outputs, or not all could be shown, or the file is another one', async () => {
    const scene = new Scene();
    ['rest', 'refused', 'other'].forEach(run => scene.leave(run, `${run}.ipynb`));
    scene.clock.advance(LEFT_MS);
    scene.answer = { kind: 'sent', rest: true };
    const rest = scene.open('rest.ipynb');
    await settled();
    expect(scene.offered).toEqual([]);
    scene.work.taken(rest, 'rest', true);
    scene.answer = { kind: 'sent', rest: false };
    const refused = scene.open('refused.ipynb');
    await settled();
    scene.work.taken(refused, 'refused', false);
    scene.answer = { kind: 'unknown' };
    scene.open('other.ipynb');
    await settled();
    expect(scene.offered).toEqual(['rest', 'refused', 'other']);
    await scene.passes(60_000);
    expect(scene.offered).toHaveLength(3);
  });

  it('of a text file is offered', async () => {
    const scene = new Scene();
    scene.leave('a', 'a.md');
    scene.clock.advance(LEFT_MS);
    scene.open('a.md');
    await settled();
    expect([scene.sent, scene.offered]).toEqual([[], ['a']]);
  });

  it('goes to the next page when the one that got it is gone before it was safe there', async () => {
    const scene = new Scene();
    scene.leave('a', 'a.ipynb');
    scene.clock.advance(LEFT_MS);
    const first = scene.open('a.ipynb');
    await settled();
    scene.work.taken(first, 'a', true);
    scene.work.leave(first);
    expect(scene.sent).toHaveLength(1);
    const second = scene.open('a.ipynb');
    await settled();
    expect(scene.sent.at(-1)).toEqual({ run: 'a', page: second });
    // The answer of a page that is gone counts no more.
    scene.work.taken(first, 'a', false);
    expect(scene.offered).toEqual([]);
  });

  it('goes to another page when one does not answer: it may be frozen', async () => {
    const scene = new Scene();
    scene.leave('a', 'a.ipynb');
    scene.clock.advance(LEFT_MS);
    scene.open('a.ipynb');
    await scene.passes(60_000);
    expect(scene.sent).toHaveLength(1);
    const other = scene.open('a.ipynb');
    await scene.passes(ANSWER_MS);
    expect(scene.sent.at(-1)?.page).toBe(other);
    expect(scene.sent).toHaveLength(2);
  });

  it('is told again when the file was just written', async () => {
    const scene = new Scene();
    scene.leave('a', 'a.ipynb');
    scene.clock.advance(LEFT_MS);
    scene.answer = { kind: 'later' };
    scene.open('a.ipynb');
    await settled();
    scene.answer = { kind: 'sent', rest: false };
    await scene.passes(LEFT_MS + 1000);
    expect(scene.sent).toHaveLength(2);
  });
});

it('knows the kernels in which pages may run cells', () => {
  const scene = new Scene();
  const page = scene.open('a.ipynb', 'b.ipynb');
  expect([...scene.work.kernels()]).toEqual(['kernel of a.ipynb', 'kernel of b.ipynb']);
  page.shown.delete('a.ipynb');
  expect([...scene.work.kernels()]).toEqual(['kernel of b.ipynb']);
  scene.work.leave(page);
  expect([...scene.work.kernels()]).toEqual([]);
});
