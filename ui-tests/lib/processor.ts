/** Lock of tests that keep a processor busy for long: two of them at once would slow each other down. */
export const PROCESSOR = 'processor';
