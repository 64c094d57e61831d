import { until } from './until.js';

/** The explanations that are open in the page. */
export function openDialogs(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('.jp-Dialog.lk-Explain')];
}

/** The only explanation that is open, once it says `words`. */
export async function dialogSaying(words: string | RegExp): Promise<HTMLElement> {
  const found = (): HTMLElement | undefined =>
    openDialogs().find(({ textContent }) => (textContent ?? '').search(words) >= 0);
  await until(() => found() !== undefined, `a dialog that says ${String(words)}`);
  const [dialog, ...others] = openDialogs();
  if (dialog === undefined || others.length > 0) {
    throw new Error(`${others.length + 1} dialogs are open`);
  }
  return dialog;
}

/** Closes the only explanation by its OK. */
export async function closeDialog(): Promise<void> {
  document.querySelector<HTMLElement>('.jp-Dialog.lk-Explain .jp-Dialog-button')?.click();
  await until(() => openDialogs().length === 0, 'the dialog to close');
}
