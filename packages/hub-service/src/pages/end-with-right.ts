import type { Readable } from 'node:stream';
import { TokenRefused } from '../people/token-access.js';
import { Refusal } from './refusal.js';

/** How often it is asked, in ms: who was thrown out is to have nothing more after 30 s. */
const EVERY_MS = 10_000;
/** So long an answer goes on while nobody can say, in ms: a restart of JupyterHub breaks nothing off. */
const UNSURE_MS = 60_000;

export interface IEndWithRightOptions {
  /** Whether whoever reads may still. A refusal with 401 or 403 means no; any other error, that nobody can say now. */
  readonly hasRight: () => Promise<boolean>;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  readonly everyMs?: number;
  readonly unsureMs?: number;
}

/** Breaks a long answer off when whoever reads it has lost the right to it. */
export function endWithRight(body: Readable, options: IEndWithRightOptions): void {
  const { hasRight, monotonicMs, everyMs = EVERY_MS, unsureMs = UNSURE_MS } = options;
  let sureMs = monotonicMs();
  let isAsking = false;
  const breakOff = (why: string, cause?: unknown): void => void body.destroy(new Error(why, { cause }));
  const ask = async (): Promise<void> => {
    isAsking = true;
    try {
      if (!(await hasRight())) {
        breakOff('Whoever read it may no longer.');
      }
      sureMs = monotonicMs();
    } catch (error) {
      if (isNo(error)) {
        breakOff('Whoever read it may no longer.', error);
      }
    } finally {
      isAsking = false;
    }
  };
  const timer = setInterval(() => {
    if (monotonicMs() - sureMs > unsureMs) {
      breakOff('For too long nobody could say whether it may still be read.');
    } else if (!isAsking) {
      void ask();
    }
  }, everyMs).unref();
  body.once('close', () => clearInterval(timer));
}

function isNo(error: unknown): boolean {
  return (error instanceof Refusal || error instanceof TokenRefused) && [401, 403].includes(error.status);
}
