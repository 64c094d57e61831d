/** `node --import`: takes fsync away, so that a test of the power shows what it would find. */
import { open } from 'node:fs/promises';

const file = await open('/dev/null');
Object.assign(Object.getPrototypeOf(file), { datasync: async () => undefined, sync: async () => undefined });
await file.close();
