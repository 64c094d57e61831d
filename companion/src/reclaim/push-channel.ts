import { ToldChannel } from './told-channel.js';

/**
 * The seat for notices that the hub's service pushes: it sees the taints and events of nodes, and knows when it will
 * stop a server. Its transport calls `says` with all that holds, every few minutes at least and on every change.
 */
export class PushChannel extends ToldChannel {
  constructor() {
    super('push');
  }
}
