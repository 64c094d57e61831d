import type { Confidence, Evidence } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';
import { unseenPeak } from './unseen-peak.js';

/** From this share of the limit on, a sample says that the limit was near. */
const NEAR_SHARE = 0.9;
/** Machine memory below this share is short. */
const SHORT_SHARE = 0.05;

/**
 * What the counters say about a killing by the system for want of memory.
 * `none`: readable, and nothing was killed. `own`: by the container's own limit. `elsewhere`: by a parent's limit or
 * the machine. `unclear`: there was a killing, but not by which of the two. `unreadable`: this system keeps no count.
 */
export interface IShortage {
  readonly where: 'none' | 'own' | 'elsewhere' | 'unclear' | 'unreadable';
  readonly confidence: Confidence;
  /** Kills that were counted; 0 if none or unreadable. */
  readonly kills: number;
}

/** Reads the out-of-memory counters of the evidence. */
export function shortage(evidence: Evidence): IShortage {
  const { oomKill: kills, limitHit } = counterChanges(evidence.before, evidence.after);
  if (kills === null) {
    return { where: 'unreadable', confidence: 'none', kills: 0 };
  }
  if (kills === 0) {
    return { where: 'none', confidence: 'certain', kills };
  }
  const { where, confidence } =
    evidence.after?.cgroupVersion === 2 ? judgeV2(evidence, limitHit) : judgeV1(evidence, limitHit);
  return { where, confidence, kills };
}

type Where = Pick<IShortage, 'where' | 'confidence'>;

/** v2: memory.events `oom` grows only when an allocation at the own limit is about to fail, and then always. */
function judgeV2(evidence: Evidence, limitHit: number | null): Where {
  if (limitHit !== null && limitHit > 0) {
    return { where: 'own', confidence: 'certain' };
  }
  // The limit in force may be one above ours, whose hits our own group does not count.
  const isAbove = evidence.limitSource === 'parent-cgroup' || evidence.limitSource === 'environment';
  if (isAbove && wasNearLimit(evidence)) {
    return { where: 'own', confidence: 'high' };
  }
  return limitHit === 0
    ? { where: 'elsewhere', confidence: 'high' }
    : { where: 'unclear', confidence: 'none' };
}

/**
 * v1: memory.failcnt grows whenever page cache is reclaimed at the limit too, and not at all where the limit for memory
 * and swap together is the same (measured on Linux 6.18: killed at the limit with failcnt 0 and memsw.failcnt 0). So it
 * decides only together with how full memory was and with what the machine had left.
 */
function judgeV1(evidence: Evidence, limitHit: number | null): Where {
  const isHit = limitHit !== null && limitHit > 0;
  const isShort = isMachineShort(evidence);
  if (evidence.limitSource !== 'machine' && wasNearLimit(evidence)) {
    return isHit
      ? { where: 'own', confidence: 'certain' }
      : { where: isShort ? 'elsewhere' : 'own', confidence: isShort ? 'medium' : 'high' };
  }
  const hadRoom = !mayMachineHaveBeenShort(evidence);
  if (isHit) {
    // A runaway between two samples: the limit was reached, and the machine had memory.
    return hadRoom
      ? { where: 'own', confidence: 'high' }
      : { where: isShort ? 'elsewhere' : 'own', confidence: 'medium' };
  }
  if (hadRoom && filledLimit(evidence)) {
    return { where: 'own', confidence: 'medium' };
  }
  if (limitHit === 0 || evidence.limitSource === 'machine') {
    return { where: 'elsewhere', confidence: hadRoom ? 'medium' : 'high' };
  }
  return hadRoom ? { where: 'own', confidence: 'medium' } : { where: 'unclear', confidence: 'none' };
}

/** Share of the limit that could not be freed at the last sample; null = not known. */
export function shareBefore(evidence: Evidence): number | null {
  const { memoryBefore, limitBytes } = evidence;
  return memoryBefore && limitBytes ? memoryBefore.unreclaimableBytes / limitBytes : null;
}

/** Whether the last sample was near the limit. */
export function wasNearLimit(evidence: Evidence): boolean {
  return (shareBefore(evidence) ?? 0) >= NEAR_SHARE;
}

/**
 * Whether the dead process, at a peak that no sample saw, filled the limit together with what is left after it and, at
 * such peaks too, with those who died in the same shortage. Read
 * before its pages are given back, what is left counts them again; the later readings put that right.
 */
function filledLimit(evidence: Evidence): boolean {
  const { limitBytes, limitSource, memoryAfter, diedTogetherPeakBytes } = evidence;
  const peakBytes = unseenPeak(evidence);
  return (
    limitBytes !== null &&
    limitSource !== 'machine' &&
    memoryAfter !== null &&
    peakBytes !== null &&
    memoryAfter.unreclaimableBytes + peakBytes + (diedTogetherPeakBytes ?? 0) >= NEAR_SHARE * limitBytes
  );
}

/** Whether the machine has hardly any memory left, even now. */
export function isMachineShort(evidence: Evidence): boolean {
  const { machineAvailableBytes, machineTotalBytes } = evidence;
  return (
    machineAvailableBytes !== null &&
    machineTotalBytes !== null &&
    machineAvailableBytes < SHORT_SHARE * machineTotalBytes
  );
}

/**
 * Whether the machine may have been short of memory at the death. What is available now includes what the death set
 * free, which is at most the container's limit.
 */
function mayMachineHaveBeenShort(evidence: Evidence): boolean {
  const { machineAvailableBytes, machineTotalBytes, limitBytes } = evidence;
  return (
    machineAvailableBytes === null ||
    machineTotalBytes === null ||
    machineAvailableBytes - (limitBytes ?? 0) < SHORT_SHARE * machineTotalBytes
  );
}
