export { createApp, type IApp, type IAppOptions } from './app.js';
export type { IPagesParts, PagesPlugin } from './pages-seam.js';
export type * from './store/log-reader.js';
export type * from './store/log-writer.js';
