import { ToldChannel } from './told-channel.js';

/** The oldest notice of all: a signal that asks the companion to end. Nobody says when the next one comes, SIGKILL. */
export class SignalChannel extends ToldChannel {
  constructor() {
    super('signal');
  }

  /** The process got a signal, `SIGTERM` as a rule. */
  noticed(signal: string): void {
    this.says([{ key: 'signal', kind: 'stop', deadlineMs: null, source: signal }]);
  }
}
