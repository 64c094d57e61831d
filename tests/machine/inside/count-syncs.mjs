/**
 * `node --import`: notes when this process forced a file or a folder to the disk, and how long that took, in the file
 * that `LK_SYNCS` names: one line each, `<from> <to>`, in ms since the Unix epoch. A write to a file opened with O_DSYNC
 * or O_SYNC counts: it is forced (open(2)).
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

const fs = createRequire(import.meta.url)('node:fs');
const { appendFileSync, constants } = fs;
// O_SYNC holds the bit of O_DSYNC on Linux.
const FORCED = constants.O_DSYNC;
const forced = new Set();

const note = fromMs => appendFileSync(process.env.LK_SYNCS, `${fromMs} ${Date.now()}\n`);

/** Notes the end of `name`, a function that ends with a callback; of all descriptors or those `isCounted` names. */
function noteCallback(name, isCounted) {
  const original = fs[name];
  fs[name] = function (fd, ...rest) {
    const end = rest.at(-1);
    if (!isCounted(fd) || typeof end !== 'function') return original.call(fs, fd, ...rest);
    const fromMs = Date.now();
    return original.call(fs, fd, ...rest.slice(0, -1), (...result) => {
      note(fromMs);
      end(...result);
    });
  };
}

/** The same for a method of a FileHandle. */
function notePromise(prototype, name, isCounted) {
  const original = prototype[name];
  prototype[name] = async function (...rest) {
    const fromMs = Date.now();
    try {
      return await original.apply(this, rest);
    } finally {
      if (isCounted(this.fd)) note(fromMs);
    }
  };
}

const { open } = fs.promises;
fs.promises.open = async function (path, flags, ...rest) {
  const handle = await open.call(this, path, flags, ...rest);
  if (typeof flags === 'number' && (flags & FORCED) === FORCED) forced.add(handle.fd);
  // A number is used again when its file is closed.
  else forced.delete(handle.fd);
  return handle;
};

const always = () => true;
const isForced = fd => forced.has(fd);
for (const name of ['fsync', 'fdatasync']) noteCallback(name, always);
noteCallback('write', isForced);
const probe = await open.call(fs.promises, '/dev/null');
const prototype = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['sync', 'datasync']) notePromise(prototype, name, always);
for (const name of ['write', 'writev', 'appendFile', 'writeFile']) notePromise(prototype, name, isForced);
syncBuiltinESMExports();
