/** Waits until something holds; fails after 5 s with what it was. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!holds()) {
    if (performance.now() > deadlineMs) {
      throw new Error(`waited in vain for ${what}`);
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

/** Waits until all that was started is done, and the page was drawn: enough for what must not happen to happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise(resolve => requestAnimationFrame(resolve));
    await new Promise(resolve => setTimeout(resolve));
  }
}
