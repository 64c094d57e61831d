/** Writes one line for the server's log. */
export type Log = (line: string) => void;

/** A log whose entries are one line each, whatever the text holds. */
export function lineLog(write: (text: string) => void): Log {
  return line => write(`${line.replace(/\s*[\r\n]+\s*/g, ' · ')}\n`);
}

export { reasonOf } from './failure.js';
