/** `node --import`: a companion whose writes are acknowledged before they are made. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const LATE_MS = 300;
const { write } = fs;

fs.write = (file, bytes, ...rest) => {
  const done = rest.at(-1);
  // Small ones, such as a character that says that it lives, and what tests say to one another, go at once.
  if (typeof done !== 'function' || bytes.length < 100)
    return Reflect.apply(write, fs, [file, bytes, ...rest]);
  setTimeout(() => Reflect.apply(write, fs, [file, bytes, ...rest.slice(0, -1), () => undefined]), LATE_MS);
  setImmediate(done, null, bytes.length, bytes);
};
syncBuiltinESMExports();
