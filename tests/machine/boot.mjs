import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';

/** Marks a line of the serial console that is a report of the driver; everything else is the system's own. */
const MARK = '@@ ';

/**
 * Boots the machine and hands on what it reports, until it switches itself off.
 *
 * @param machine - kernel, initramfs, memoryMiB, cpus (default 2), and disks: each a `path`, or the `socket` of an NbdServer.
 *   startsAtMs: what its clock says at first, in ms since the Unix epoch.
 * @param onReport - called with every report, parsed.
 * @param onConsole - called with every other line of the console.
 * @param timeoutMs - after this the machine is switched off and the promise rejects.
 * @param power - an AbortSignal: aborted, the power is gone. What was reported until then is still handed on.
 */
export async function boot(machine, words, onReport, onConsole, timeoutMs, power = null) {
  const arguments_ = [
    // Software emulation works everywhere, also where /dev/kvm is there and hangs.
    ...['-accel', process.env.LABKEEPER_MACHINE_ACCEL ?? 'tcg,thread=multi'],
    ...['-cpu', 'max', '-M', 'pc', '-smp', String(machine.cpus ?? 2), '-m', String(machine.memoryMiB)],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio', '-nic', 'none'],
    ...(machine.startsAtMs === undefined
      ? []
      : ['-rtc', `base=${new Date(machine.startsAtMs).toISOString().slice(0, 19)}`]),
    ...['-kernel', machine.kernel, '-initrd', machine.initramfs],
    ...machine.disks.flatMap(disk => ['-drive', drive(disk)]),
    '-append',
    // cgroup v2 alone, pressure information on; a panic ends the machine instead of hanging it. The kernel's own check of
    // its timer panics where the emulator gets too little time.
    `console=ttyS0 quiet panic=-1 no_timer_check cgroup_no_v1=all psi=1 mitigations=off ${words.map(word => `lk.${word}`).join(' ')}`
  ];
  const qemu = spawn(machine.program, arguments_, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = createInterface({ input: qemu.stdout });
  lines.on('line', line => {
    const at = line.indexOf(MARK);
    if (at < 0) {
      onConsole(line);
      return;
    }
    try {
      onReport(JSON.parse(line.slice(at + MARK.length)));
    } catch {
      // The kernel wrote into the middle of a report: shown, and its scenario is missed at the end.
      onConsole(line);
    }
  });
  createInterface({ input: qemu.stderr }).on('line', onConsole);
  const stop = () => qemu.kill('SIGKILL');
  const stopAll = signal => {
    stop();
    process.exit(128 + constants.signals[signal]);
  };
  power?.addEventListener('abort', stop);
  process.once('exit', stop);
  process.once('SIGINT', stopAll);
  process.once('SIGTERM', stopAll);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, timeoutMs);
  const ended = new Promise(resolve => lines.once('close', resolve));
  await new Promise((resolve, reject) => {
    qemu.once('error', reject);
    qemu.once('exit', resolve);
  }).finally(() => {
    clearTimeout(timer);
    power?.removeEventListener('abort', stop);
    process.removeListener('exit', stop);
    process.removeListener('SIGINT', stopAll);
    process.removeListener('SIGTERM', stopAll);
  });
  await ended;
  if (late) {
    throw new Error(`the machine did not end within ${timeoutMs / 1000} s`);
  }
}

/** One disk, as QEMU wants it. With a socket, each flush of the machine reaches the server, and nothing is kept here. */
function drive({ path, socket, readOnly = false }) {
  return socket === undefined
    ? `file=${path},if=virtio,format=raw,cache=unsafe${readOnly ? ',readonly=on' : ''}`
    : `file=nbd+unix:///?socket=${socket},if=virtio,format=raw,cache=writeback`;
}
