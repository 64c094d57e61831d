import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HomeDisk } from '../../src/journal/journal-disk.js';
import type { JournalStore } from '../../src/journal/journal-store.js';
import { LeftRuns } from '../../src/journal/left-runs.js';
import { openStore, Run, runId, type Page } from './scene.js';

let home: string;
let store: JournalStore;
let page: Page;
let left: LeftRuns;
let forgotten: string[];
let changes: number;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'labkeeper-left-runs-'));
  ({ store, page } = openStore(new HomeDisk(home, '', 'boot'), 'boot'));
  forgotten = [];
  changes = 0;
  left = new LeftRuns({
    store,
    boot: 'boot',
    earlier: { all: [], read: () => Promise.resolve(), forget: () => Promise.reject(new Error('not ours')) },
    forgotten: run => void forgotten.push(run),
    changed: () => void (changes += 1)
  });
});
afterEach(() => {
  store.dispose();
  rmSync(home, { recursive: true });
});

async function leave(number: number): Promise<void> {
  new Run(store, page, runId(number)).send();
  await store.flush();
  store.detach(page);
}

describe('runs of this companion whose page is gone', () => {
  it('are told when they are offered, and not before', async () => {
    await leave(1);
    expect(left.all).toEqual([]);
    await left.offer(runId(1));
    expect(left.all).toMatchObject([{ run: runId(1), boot: 'boot', kind: 'notebook', sameServer: true }]);
    expect(changes).toBe(1);
  });

  it('are told no more when their page is back', async () => {
    await leave(1);
    await left.offer(runId(1));
    left.review();
    expect(left.all).toHaveLength(1);
    store.attend(page, runId(1));
    left.review();
    expect([left.all, changes]).toEqual([[], 2]);
    // Back before it could be read.
    await left.offer(runId(1));
    expect(left.all).toEqual([]);
  });

  it('are closed in the journal when somebody has decided', async () => {
    await leave(1);
    await left.offer(runId(1));
    const [run] = left.all;
    await (run && left.forget(run));
    await store.flush();
    expect([left.all, forgotten, store.health.runs]).toEqual([[], [runId(1)], 0]);
  });
});
