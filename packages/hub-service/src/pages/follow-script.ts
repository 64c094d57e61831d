import { createHash } from 'node:crypto';
import { followLog } from '../browser/follow-log.js';

/** The one script of the pages; only the page that follows the log has it. */
export const FOLLOW_TEXT = `(${followLog.toString()})();\n`;
/** Its address changes with it, so that browsers may keep it for ever. */
export const FOLLOW_PATH = `/follow-${createHash('sha256').update(FOLLOW_TEXT).digest('hex').slice(0, 16)}.js`;
/** What the script asks. */
export const NEWS_PATH = '/log/news';
