import { createSessionContext } from '@jupyterlab/apputils/lib/testutils';
import { CodeCell, CodeCellModel } from '@jupyterlab/cells';
import { NBTestUtils } from '@jupyterlab/cells/lib/testutils';
import { RenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import type { ICellRun } from '../src/deaths/running-cells.js';
import { closeDialog, dialogSaying, openDialogs } from './dialogs.js';
import { exampleDeath, exampleEvidence, exampleVerdict } from './example-events.js';
import { PageParts } from './page-parts.js';
import { settled } from './until.js';
import { UserSettings } from './user-settings.js';

let page: PageParts;

afterEach(async () => {
  page.close();
  await settled();
  expect(openDialogs()).toEqual([]);
});

test('a death is told in one dialog, which its news change in place', async () => {
  page = new PageParts();
  page.companion.sayDeath(exampleDeath());
  const dialog = await dialogSaying('Memory limit exceeded: 8 GB');
  expect(page.verdicts).toEqual(['kernel-1']);
  page.companion.sayDeath(exampleDeath({ consequence: 'restarted' }));
  expect(await dialogSaying('The kernel has restarted; its variables are gone.')).toBe(dialog);
});

test('closed, it stays closed when the same death has news', async () => {
  page = new PageParts();
  page.companion.sayDeath(exampleDeath());
  await dialogSaying('Memory limit exceeded');
  await closeDialog();
  page.companion.sayDeath(exampleDeath({ consequence: 'restarting' }));
  page.companion.sayDeath(exampleDeath({ consequence: 'restarted' }));
  await settled();
  expect(openDialogs()).toEqual([]);
});

test('a row of deaths changes one dialog, to the end when the kernel is given up', async () => {
  page = new PageParts();
  const death = (series: number, consequence: 'restarting' | 'gave-up') =>
    exampleDeath({
      id: `death-${series}`,
      consequence,
      verdict: exampleVerdict({ cause: 'segfault', memory: 'no', proofs: [], advice: [] }),
      evidence: exampleEvidence({ series })
    });
  page.companion.sayDeath(death(1, 'restarting'));
  const dialog = await dialogSaying('segmentation fault');
  for (const series of [2, 3, 4]) {
    page.companion.sayDeath(death(series, 'restarting'));
    expect(await dialogSaying(`died ${series} times in a row`)).toBe(dialog);
  }
  page.companion.sayDeath(death(5, 'gave-up'));
  expect(await dialogSaying('It will not be restarted by itself')).toBe(dialog);
  await closeDialog();
  page.companion.sayDeath(death(5, 'gave-up'));
  await settled();
  expect(openDialogs()).toEqual([]);
});

test('each death of a row that was closed in between opens the dialog anew, and so does the end', async () => {
  page = new PageParts();
  for (const series of [1, 2]) {
    page.companion.sayDeath(exampleDeath({ id: `death-${series}`, evidence: exampleEvidence({ series }) }));
    await dialogSaying('Memory limit exceeded');
    await closeDialog();
  }
  page.companion.sayDeath(
    exampleDeath({ id: 'death-2', consequence: 'gave-up', evidence: exampleEvidence({ series: 2 }) })
  );
  await dialogSaying('It will not be restarted by itself');
});

test('an end that the user asked for is not told', async () => {
  page = new PageParts();
  page.companion.sayDeath(exampleDeath({ verdict: exampleVerdict({ cause: 'asked-for' }) }));
  page.companion.sayDeath(exampleDeath({ id: 'b', evidence: exampleEvidence({ intent: 'restart' }) }));
  await settled();
  expect(openDialogs()).toEqual([]);
  expect(page.verdicts).toEqual([]);
});

test('a death in the first moments waits for the settings, and is told by them', async () => {
  const settings = new UserSettings({ deathDialog: true });
  page = new PageParts({ settings: settings.registry });
  page.companion.sayDeath(exampleDeath());
  await settled();
  expect(openDialogs()).toEqual([]);
  settings.answer();
  await dialogSaying('Memory limit exceeded');
});

test('who switched the dialog off gets none in the first moments either', async () => {
  const settings = new UserSettings({ deathDialog: false });
  page = new PageParts({ settings: settings.registry });
  page.companion.sayDeath(exampleDeath());
  await settled();
  settings.answer();
  await page.switches.ready;
  await settled();
  expect(openDialogs()).toEqual([]);
  expect(page.verdicts).toEqual([]);
  // It is in the panel; the next visit does not tell it as news.
  expect(page.told.has('death-1')).toBe(true);
});

test.each([true, false])('markCell %s holds in the first moments too', async markCell => {
  const settings = new UserSettings({ markCell });
  page = new PageParts({ settings: settings.registry });
  const run = await cellRun();
  page.runFound.emit(run);
  await settled();
  expect(run.cell.hasClass('lk-mod-died')).toBe(false);
  settings.answer();
  await page.switches.ready;
  await settled();
  expect(run.cell.hasClass('lk-mod-died')).toBe(markCell);
  run.cell.dispose();
});

/** A cell that ran when the kernel died. */
async function cellRun(): Promise<ICellRun> {
  const cell = new CodeCell({
    model: new CodeCellModel(),
    rendermime: new RenderMimeRegistry(),
    contentFactory: NBTestUtils.createBaseCellFactory(),
    placeholder: true
  });
  return {
    kernelId: 'kernel-1',
    cell,
    executionCount: 3,
    ranForMs: 1000,
    document: {
      widget: new Widget(),
      sessionContext: await createSessionContext(),
      codeCells: () => [cell],
      reveal: () => Promise.resolve()
    }
  };
}
