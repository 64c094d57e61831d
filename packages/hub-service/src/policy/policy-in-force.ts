import { NO_POLICY, type Policy } from '@labkeeper/protocol';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { Metrics } from '../metrics.js';
import { sha256Hex } from '../sha256.js';
import { parsePolicy, PolicyError } from './parse-policy.js';
import { policyDoubts } from './policy-doubts.js';
import { PolicyFile } from './policy-file.js';
import type { PolicyStore } from './policy-store.js';

/** How often the file is looked at, in ms; and how long after a look that found it changed. */
export const LOOK_MS = { usual: 5000, settling: 500 } as const;

/** The policy that holds now. */
export interface IActivePolicy {
  /** SHA-256 of the file's bytes, hexadecimal; of no bytes where there is no file. */
  readonly digest: string;
  readonly policy: Policy;
}

export interface IPolicyInForceOptions {
  /** null = there is no file, and no policy. */
  readonly path: string | null;
  readonly store: PolicyStore;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly lookMs?: { readonly usual: number; readonly settling: number };
}

/** The policy of the file, from edit to edit. One that cannot be read changes nothing: the one before stays in force. */
export class PolicyInForce {
  constructor(private readonly options: IPolicyInForceOptions) {
    this.file = options.path === null ? null : new PolicyFile(options.path);
  }

  get active(): IActivePolicy {
    return this.now;
  }

  /** What is wrong with the file, one sentence; null = nothing. */
  get trouble(): string | null {
    return this.wrong;
  }

  /** Calls back whenever another policy is in force. */
  onChange(changed: () => void): void {
    this.listeners.push(changed);
  }

  /** Reads the file; where it cannot be used, the version that was in force last. Then looks every few seconds. */
  async start(): Promise<void> {
    if (this.file === null) {
      return;
    }
    await this.recall();
    await this.look(true);
    this.plan();
  }

  /** Ends when the look under way has. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private plan(): void {
    if (this.closed) {
      return;
    }
    const { usual, settling } = this.options.lookMs ?? LOOK_MS;
    this.timer = setTimeout(
      () => {
        this.looking = this.look(false).finally(() => this.plan());
      },
      this.file?.isUnsettled ? settling : usual
    );
    this.timer.unref();
  }

  private async recall(): Promise<void> {
    try {
      const last = await this.options.store.last();
      if (last) {
        this.now = { digest: last.digest, policy: parsePolicy(last.content, 'The last policy') };
      }
    } catch (error) {
      this.options.log.error(
        { reason: reasonOf(error) },
        'The policy that was in force last cannot be read.'
      );
    }
  }

  private async look(isFirst: boolean): Promise<void> {
    const { file } = this;
    if (file === null) {
      return;
    }
    try {
      const look = await file.look(isFirst);
      if (look.kind === 'missing') {
        this.complain(`${file.path}: expected a file, got none.`);
      } else if (look.kind === 'read') {
        this.pending = look.bytes;
      }
      if (this.pending) {
        await this.take(this.pending, file.path);
        this.pending = null;
      }
    } catch (error) {
      if (error instanceof PolicyError) {
        this.pending = null;
        this.complain(error.message);
      } else {
        // Of the disk or the database; the next look tries again.
        this.complain(`${file.path}: ${reasonOf(error)}.`);
      }
    }
  }

  private async take(content: Uint8Array, path: string): Promise<void> {
    const { store, log, metrics } = this.options;
    const policy = parsePolicy(content, path);
    const digest = sha256Hex(content);
    // Stored before it decides anything: what decided can always be shown.
    await store.use({ digest, content });
    this.wrong = null;
    metrics.policyTrouble.set(0);
    if (digest !== this.now.digest) {
      this.now = { digest, policy };
      log.info({ policy: digest, switches: policy.switch.length }, 'A policy is in force.');
      policyDoubts(policy, content, path).forEach(doubt => log.warn({ policy: digest }, doubt));
      this.listeners.forEach(changed => changed());
    }
  }

  private complain(sentence: string): void {
    const { log, metrics } = this.options;
    if (sentence !== this.wrong) {
      this.wrong = sentence;
      metrics.policyTrouble.set(1);
      log.error({ policy: this.now.digest }, `${sentence} The policy stays as it was.`);
    }
  }

  private readonly file: PolicyFile | null;
  private readonly listeners: (() => void)[] = [];
  private now: IActivePolicy = { digest: sha256Hex(''), policy: NO_POLICY };
  private wrong: string | null = null;
  /** Read and not yet in force: the database did not take it. */
  private pending: Uint8Array | null = null;
  private looking: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
}
