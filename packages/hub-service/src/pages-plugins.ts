import type { PagesPlugin } from './pages-seam.js';
import { pagesPlugin } from './pages/pages-plugin.js';
import type { IPeopleSettings } from './people/people-settings.js';

/** The plugins of the pages' own listener, in the order in which they are registered. */
export function pagesPlugins(people: IPeopleSettings): readonly PagesPlugin[] {
  return [pagesPlugin(people)];
}
