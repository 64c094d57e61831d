import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { IRequests } from '../store/requests.js';

/** How often it is looked for changes that other replicas made, in ms. */
const LOOK_MS = 2000;

/** Whose requests have changed, for companions that wait for news. */
export class RequestNews {
  constructor(
    private readonly options: { readonly requests: IRequests; readonly log: Logger; readonly lookMs?: number }
  ) {}

  /** Begins with what is there. */
  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), this.options.lookMs ?? LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** When a request of somebody changed last, in the count of changes; 0 = she has none. */
  of(hub: string, user: string): number {
    return this.changes.get(JSON.stringify([hub, user])) ?? 0;
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Learns what has changed since the last look. Never rejects. */
  async look(): Promise<void> {
    try {
      const changed = await this.options.requests.changedAfter(this.seen);
      for (const { hub, user, change } of changed) {
        this.changes.set(JSON.stringify([hub, user]), change);
        this.seen = Math.max(this.seen, change);
      }
      if (changed.length > 0) {
        this.listeners.forEach(listener => listener());
      }
    } catch (error) {
      this.options.log.warn({ reason: reasonOf(error) }, 'It cannot be read whose requests have changed.');
    }
  }

  private readonly changes = new Map<string, number>();
  private readonly listeners: (() => void)[] = [];
  private seen = 0;
  private timer: NodeJS.Timeout | undefined;
}
