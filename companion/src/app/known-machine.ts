import type { Machine } from '@labkeeper/protocol';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';

/** What is known about the machine: some at once, the rest when it has been asked for. */
export class KnownMachine {
  /** @param machine - what is known at once. */
  constructor(
    private machine: Machine,
    private readonly log: Log
  ) {}

  get now(): Machine {
    return this.machine;
  }

  /** Asks for the rest. @param changed - more is known. */
  learn(read: (known: Machine) => Promise<Machine>, changed: () => void): void {
    read(this.machine).then(
      known => {
        if (known !== this.machine) {
          this.machine = known;
          changed();
        }
      },
      (error: unknown) => this.log(`The machine could not be described: ${reasonOf(error)}`)
    );
  }
}
