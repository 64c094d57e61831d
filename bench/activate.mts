// lab.activate: milliseconds of the page's main thread that our plugins take at Lab's start, in a real Chromium. The
// page's own webpack container is wrapped before Lab runs: timed are the evaluation of our modules and each plugin's
// activate; where that returns a promise, until it is fulfilled. Loading from the network is not in it.
import { type Browser, chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { whenLabIsUp } from './lib/lab.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { median } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const LOADS = times(15, 3);
const PREFIX = 'labkeeper ';

/** Runs in the page before anything else: measures what comes from our bundle, as `performance` measures. */
function watchBundle(prefix: string): void {
  const name = '@labkeeper/labextension';
  const timed = (what: string, start: number) => performance.measure(prefix + what, { start });
  interface IPlugin {
    readonly id: string;
    activate(...args: unknown[]): unknown;
  }
  interface IContainer {
    get(module: string): Promise<() => { readonly default?: readonly IPlugin[] }>;
  }
  const watch = (container: IContainer): IContainer => ({
    ...container,
    get: async module => {
      const factory = await container.get(module);
      if (module !== './extension') return factory;
      return () => {
        const start = performance.now();
        const exported = factory();
        timed('evaluation', start);
        for (const plugin of exported.default ?? []) {
          const { activate } = plugin;
          plugin.activate = (...args) => {
            const start = performance.now();
            const result = activate.apply(plugin, args);
            if (result instanceof Promise) void result.finally(() => timed(plugin.id, start));
            else timed(plugin.id, start);
            return result;
          };
        }
        return exported;
      };
    }
  });
  const containers = new Proxy<Record<string, IContainer>>(
    {},
    {
      set: (all, key: string, value: IContainer) => Reflect.set(all, key, key === name ? watch(value) : value)
    }
  );
  Object.assign(window, { _JUPYTERLAB: containers });
}

/** One start of Lab in a browser without a cache: what was measured, in ms by name. */
async function load(browser: Browser, server: IServer): Promise<Record<string, number>> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(watchBundle, PREFIX);
    await page.goto(`${server.url}/lab?token=${server.token}`);
    await whenLabIsUp(page);
    await page.locator('.lk-Meter').waitFor();
    const entries = await page.evaluate(
      prefix =>
        performance
          .getEntriesByType('measure')
          .filter(entry => entry.name.startsWith(prefix))
          .map(entry => [entry.name.slice(prefix.length), entry.duration] as const),
      PREFIX
    );
    return Object.fromEntries(entries);
  } finally {
    await context.close();
  }
}

const server = await startServer();
const loads: Record<string, number>[] = [];
try {
  const browser = await chromium.launch(BROWSER);
  try {
    // The first load also fills the server's and the browser process's own caches.
    await load(browser, server);
    for (let i = 0; i < LOADS; i++) {
      await whenQuiet();
      loads.push(await load(browser, server));
    }
  } finally {
    await browser.close();
  }
} finally {
  await server.stop();
}
const names = Object.keys(loads[0] ?? {});
for (const timings of loads)
  if (!('evaluation' in timings) || Object.keys(timings).length !== names.length || names.length < 2)
    throw new Error(`a load did not activate what the others did: ${JSON.stringify(loads)}`);
record(
  {
    id: 'lab.activate',
    what: `Main thread of the page while our modules are evaluated and our ${names.length - 1} plugins activated at Lab's start, median of ${LOADS} loads without a browser cache`,
    unit: 'ms',
    value: median(loads.map(timings => Object.values(timings).reduce((sum, ms) => sum + ms, 0))),
    n: LOADS,
    samples: loads
  },
  'activate'
);
