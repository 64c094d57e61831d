import { Dialog } from '@jupyterlab/apputils';
import { HOLD_MS, StockDialogs } from '../src/deaths/stock-dialogs.js';

const TITLE = 'Kernel Restarting';
let told: boolean;
let on: boolean;
let stock: StockDialogs;

beforeEach(() => {
  jest.useFakeTimers();
  [told, on] = [false, true];
  stock = new StockDialogs({
    title: TITLE,
    kernelOf: label => (label.includes('a.ipynb') ? 'kernel-a' : null),
    isTold: () => told,
    isOn: () => on
  });
});

afterEach(async () => {
  stock.dispose();
  Dialog.flush();
  await jest.advanceTimersByTimeAsync(100);
  jest.useRealTimers();
});

/** JupyterLab launches its dialog about a death, as in its session context. */
function launch(path = 'a.ipynb', title = TITLE): { answered: boolean } {
  const dialog = new Dialog({
    title,
    body: `The kernel for ${path} appears to have died. It will restart automatically.`,
    buttons: [Dialog.okButton()]
  });
  const state = { answered: false };
  void dialog.launch().then(
    () => (state.answered = true),
    () => (state.answered = true)
  );
  return state;
}

const shown = (): number => document.querySelectorAll('.jp-Dialog').length;

test('it is held for 1.5 s, and appears unchanged when no verdict comes', async () => {
  expect(HOLD_MS).toBe(1500);
  const state = launch();
  await jest.advanceTimersByTimeAsync(1499);
  expect(shown()).toBe(0);
  await jest.advanceTimersByTimeAsync(100);
  expect(shown()).toBe(1);
  expect(state.answered).toBe(false);
});

test('a verdict while it is held: it never appears, and JupyterLab has its answer', async () => {
  const state = launch();
  await jest.advanceTimersByTimeAsync(1000);
  stock.verdictCame('kernel-a');
  await jest.advanceTimersByTimeAsync(5000);
  expect(shown()).toBe(0);
  expect(state.answered).toBe(true);
});

test('a verdict after it appeared closes it', async () => {
  const state = launch();
  await jest.advanceTimersByTimeAsync(2000);
  expect(shown()).toBe(1);
  stock.verdictCame('kernel-a');
  await jest.advanceTimersByTimeAsync(100);
  expect(shown()).toBe(0);
  expect(state.answered).toBe(true);
});

test('a verdict about another kernel changes nothing', async () => {
  launch();
  stock.verdictCame('kernel-b');
  await jest.advanceTimersByTimeAsync(2000);
  expect(shown()).toBe(1);
});

test('a verdict that was told just before swallows it at once', async () => {
  told = true;
  const state = launch();
  await jest.advanceTimersByTimeAsync(0);
  expect(state.answered).toBe(true);
  await jest.advanceTimersByTimeAsync(5000);
  expect(shown()).toBe(0);
});

test.each<[string, () => void]>([
  ['another title', () => void launch('a.ipynb', 'Save your work')],
  ['a document that is not ours', () => void launch('b.ipynb')],
  [
    'the user’s switch off',
    () => {
      on = false;
      launch();
    }
  ]
])('with %s nothing is held', async (_, act) => {
  act();
  await jest.advanceTimersByTimeAsync(100);
  expect(shown()).toBe(1);
});

test('disposed, it lets go what it held', async () => {
  launch();
  stock.dispose();
  await jest.advanceTimersByTimeAsync(100);
  expect(shown()).toBe(1);
});
