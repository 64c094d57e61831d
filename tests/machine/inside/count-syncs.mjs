/**
 * `node --import`: notes when this process forced a file or a folder to the disk, and how long that took, in the file
 * that `LK_SYNCS` names: one line each, `<from> <to>`, in ms since the Unix epoch.
 */
import { appendFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

const file = await open('/dev/null');
const prototype = Object.getPrototypeOf(file);
await file.close();
for (const name of ['sync', 'datasync']) {
  const force = prototype[name];
  prototype[name] = async function () {
    const fromMs = Date.now();
    try {
      return await force.call(this);
    } finally {
      appendFileSync(process.env.LK_SYNCS, `${fromMs} ${Date.now()}\n`);
    }
  };
}
