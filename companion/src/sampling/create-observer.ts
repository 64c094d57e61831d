import { existsSync } from 'node:fs';
import type { IObserver } from '../observer.js';
import { MachineObserver } from './machine-observer.js';
import type { IObserverOptions } from './observer-options.js';
import { ProcObserver } from './proc-observer.js';

export type { IObserverOptions } from './observer-options.js';

/** Makes the observer for this system: by /proc where there is one, else of the machine as a whole. */
export function createObserver(options: IObserverOptions): IObserver {
  const hasProc = existsSync(`${options.procRoot ?? '/proc'}/self/stat`);
  return hasProc ? new ProcObserver(options) : new MachineObserver(options);
}
