import { setPriority } from 'node:os';
import { type IServer, childrenOf, commandLine } from './server.mts';

/** The processes that recover documents for a server's companion, mostly one or none. */
export function recoveryProcesses(server: Pick<IServer, 'companionPid'>): number[] {
  const companion = server.companionPid();
  return companion === null ? [] : childrenOf(companion).filter(isRecovery);
}

export const isRecovery = (pid: number): boolean => commandLine(pid).includes('recovery-process');

/**
 * Gives them the priority of everybody else. They have the lowest, and where other work keeps the machine busy a benchmark
 * would wait minutes for each; what they do is the same.
 */
export function hurryRecoveries(server: Pick<IServer, 'companionPid'>): void {
  for (const pid of recoveryProcesses(server)) {
    try {
      setPriority(pid, 0);
    } catch {
      // It has ended, or we may not: it takes longer then.
    }
  }
}
