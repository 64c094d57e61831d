import { cpus, hostname, platform, totalmem } from 'node:os';
import type { Machine } from '@labkeeper/protocol';

/** What Node says about the machine without asking anybody. */
export function plainMachine(): Machine {
  const cores = cpus();
  return {
    hostname: hostname(),
    platform: platform(),
    cpuModel: cores[0]?.model.trim() ?? null,
    cpuCores: Math.max(1, cores.length),
    memoryBytes: totalmem()
  };
}

/**
 * The same with the names that people know the machine by, from `systeminformation`, which asks each kind of system
 * in its own way. It is loaded here and only here and on machines without /proc, because it is big. What it cannot
 * tell stays as Node says it, so that this never fails.
 */
export async function readMachine(machine: Machine): Promise<Machine> {
  try {
    const { cpu, osInfo } = await import('systeminformation');
    const [processor, system] = await Promise.all([cpu(), osInfo()]);
    const cpuModel = `${processor.manufacturer} ${processor.brand}`.trim();
    const name = `${system.distro} ${system.release}`.trim();
    return { ...machine, cpuModel: cpuModel || machine.cpuModel, platform: name || machine.platform };
  } catch {
    // Its child processes may be forbidden: Node's own answers are good enough.
    return machine;
  }
}
