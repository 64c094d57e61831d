import type { PagesPlugin } from './pages-seam.js';
import { pagesPlugin } from './pages/pages-plugin.js';
import type { IAdvice } from './pages/service-state.js';
import type { IPeopleSettings } from './people/people-settings.js';

/**
 * The plugins of the pages' own listener, in the order in which they are registered.
 *
 * @param people - of the first hub. @param advice - what else an administrator should know now.
 */
export function pagesPlugins(
  people: IPeopleSettings,
  advice: () => Promise<readonly IAdvice[]> = () => Promise.resolve([])
): readonly PagesPlugin[] {
  return [pagesPlugin(people, advice)];
}
