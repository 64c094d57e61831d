import { BASE } from './base.js';
import { FORMS } from './forms.js';
import { NARROW } from './narrow.js';
import { PRINT } from './print.js';
import { STORY } from './story.js';
import { TABLES } from './tables.js';

/** The style sheet of all pages. Text, so that it is in the one bundle and needs no file beside it. */
export const STYLE = [BASE, FORMS, TABLES, STORY, NARROW, PRINT].join('\n');
