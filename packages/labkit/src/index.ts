export * from './away-reason.js';
export * from './clock.js';
export * from './companion.js';
export * from './companion-client.js';
export * from './disabled-parts.js';
export * from './page-visibility.js';
export * from './quantities.js';
export type { ISocket } from './reconnecting-socket.js';
export { ServerClock } from './server-clock.js';
