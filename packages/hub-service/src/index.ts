export { createApp, type IApp } from './app.js';
export type { IAppOptions } from './app-options.js';
export type { IPagesParts, PagesPlugin } from './pages-seam.js';
export type * from './store/log-reader.js';
export type * from './store/log-writer.js';
