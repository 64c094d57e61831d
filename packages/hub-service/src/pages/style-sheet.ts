import { createHash } from 'node:crypto';
import { STYLE } from '../style/index.js';

/** The one style sheet of the pages. */
export const STYLE_TEXT = STYLE;
/** Its address changes with it, so that browsers may keep it for ever. */
export const STYLE_PATH = `/style-${createHash('sha256').update(STYLE_TEXT).digest('hex').slice(0, 16)}.css`;
