import { randomUUID } from 'node:crypto';
import { TestHub } from './audit/test-hub.js';
import { FakeClock } from './fake-clock.js';
import { NO_SITES } from './installed/watched.js';
import { RunningApp, type IRunningAppOptions } from './running-app.js';
import { scratch } from './wire.js';

/** Companions of one home, one after the other, and a hub service that goes away and comes back. */
export class HubAndHome {
  /** @param set - what the hub service says, each time that it begins. */
  static async make(set: (hub: TestHub) => void = () => undefined): Promise<HubAndHome> {
    const hub = await TestHub.start();
    set(hub);
    return new HubAndHome(hub, set);
  }

  private constructor(
    private current: TestHub,
    private readonly set: (hub: TestHub) => void
  ) {
    this.url = current.url;
  }

  readonly home = scratch();
  readonly clock = new FakeClock(Date.now() + 60_000);
  readonly url: URL;

  get hub(): TestHub {
    return this.current;
  }

  async start(more: IRunningAppOptions = {}, sites = NO_SITES): Promise<RunningApp> {
    const app = await RunningApp.start({
      ...{ home: this.home.path, boot: randomUUID(), clock: this.clock },
      audit: {
        ...{ serviceUrl: this.url, token: 'secret', user: 'ada', hub: null, image: null },
        ...{ warnings: [], sites }
      },
      ...more
    });
    this.apps.add(app);
    return app;
  }

  async stop(app: RunningApp, how: 'server-gone' | 'asked' = 'asked'): Promise<void> {
    this.apps.delete(app);
    await app.stop(how);
  }

  /** Ends as a killed process does, if it has a clock of its own: that one stands still then. */
  kill(app: RunningApp): void {
    this.apps.delete(app);
    app.abandon();
  }

  hubStops(): void {
    this.current.leave();
  }

  hubStarts(set = this.set): void {
    this.current = this.current.successor();
    set(this.current);
  }

  /** Passes time until something holds. */
  async until(app: RunningApp, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + 20_000;
    while (!(await holds())) {
      expect(performance.now()).toBeLessThan(endMs);
      await app.pass(2000, 500);
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  async remove(): Promise<void> {
    await Promise.all([...this.apps].map(app => app.stop()));
    await this.current.stop();
    this.home.remove();
  }

  private readonly apps = new Set<RunningApp>();
}
