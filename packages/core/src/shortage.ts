import type { Confidence, Evidence } from '@labkeeper/protocol';
import { counterChanges } from './counter-changes.js';

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
  const near = wasNearLimit(evidence);
  if (limitHit === null) {
    return near
      ? { where: 'own', confidence: 'high', kills }
      : { where: 'unclear', confidence: 'none', kills };
  }
  if (limitHit === 0) {
    // The limit in force may be a visible parent's, whose hits our own cgroup does not count.
    return evidence.limitSource === 'parent-cgroup' && near
      ? { where: 'own', confidence: 'high', kills }
      : { where: 'elsewhere', confidence: 'high', kills };
  }
  if (evidence.after?.cgroupVersion === 2 || near) {
    // v2: memory.events `oom` grows only when an allocation at the limit is about to fail. v1: failcnt also grows
    // whenever page cache is reclaimed at the limit, so it decides only together with memory that was nearly full.
    return { where: 'own', confidence: 'certain', kills };
  }
  if (!mayMachineHaveBeenShort(evidence)) {
    // A runaway between two samples: the limit was reached, and the machine had memory.
    return { where: 'own', confidence: 'high', kills };
  }
  return { where: isMachineShort(evidence) ? 'elsewhere' : 'own', confidence: 'medium', kills };
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
