import { ToldChannel } from './told-channel.js';

/** The oldest notice of all: a signal that asks the companion to end. Nobody says when the next one comes, SIGKILL. */
export class SignalChannel extends ToldChannel {
  constructor() {
    super('signal');
  }

  /** The process got a signal, `SIGTERM` as a rule, or the server said that it stops. Only the first is told. */
  noticed(source: string): void {
    if (this.last.length === 0) {
      this.says([{ key: 'signal', kind: 'stop', deadlineMs: null, source }]);
    }
  }
}
