import * as v from 'valibot';
import { notification } from '../envelope.js';
import { Kernel } from '../values/kernel.js';
import { History, Sample } from '../values/sample.js';
import { Death, Notice } from '../values/verdict.js';

/** A new sample. Companion → page, once a second while the page is visible; a slow page gets fewer. */
export const sampleTaken = notification('usage/sample', Sample);

/** The rings of 15 minutes by the second and 24 hours by the minute. Companion → page, once after hello. */
export const historyRead = notification('usage/history', v.object({ recent: History, day: History }));

/** All kernels, whole. Companion → page, on every change. */
export const kernelsChanged = notification('kernels/changed', v.object({ kernels: v.array(Kernel) }));

/** A death, new or with news (same id). Companion → page. */
export const deathSeen = notification('kernel/death', Death);

/** Deaths of the past, oldest first, bounded. Companion → page, once after hello. */
export const deathsKnown = notification('kernel/deaths', v.object({ deaths: v.array(Death) }));

/** A notice, new or with news (same id). Companion → page. */
export const noticeGiven = notification('notice', Notice);

/** Notices that still hold or are recent. Companion → page, once after hello. */
export const noticesKnown = notification('notices', v.object({ notices: v.array(Notice) }));

/** The page became visible or hidden. Page → companion; a hidden page gets no samples, but deaths. */
export const visibilityChanged = notification('page/visibility', v.object({ visible: v.boolean() }));
