import type { PagesPlugin } from './pages-seam.js';

/** The plugins of the pages' own listener, in the order in which they are registered. */
export const PAGES: readonly PagesPlugin[] = [];
