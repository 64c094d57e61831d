/** Opens a database and is killed at one of its statements: `node migrate-child.mjs PLACE N`. Says `open` if it got that far. */
import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../src/store/database.js';
import { killAt } from './support/kill-at.js';

const [place = '', at = ''] = process.argv.slice(2);
killAt(Number(at), [[DatabaseSync.prototype, 'prepare']]);
await (await openDatabase(JSON.parse(place), () => undefined)).close();
process.stdout.write('open');
