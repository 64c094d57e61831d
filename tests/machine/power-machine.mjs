import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boot } from './boot.mjs';
import { buildBaseDisk, buildHomeDisk, buildInitramfs, buildPayloadDisk } from './disks.mjs';
import { findKernel, findModules } from './kernel.mjs';
import { NbdServer } from './nbd-server.mjs';
import { writeOrder } from './order-disk.mjs';
import { findPrograms } from './programs.mjs';
import { VolatileDisk } from './volatile-disk.mjs';

const MEMORY_MIB = 512;
/** A server and a client, so that a home can be on a network. */
const NFS = ['nfsd', 'nfsv4'];

/** A machine whose home lies on a `VolatileDisk`, and that can be started again and again with what is left on it. */
export class PowerMachine {
  /**
   * @param python - see `buildPayloadDisk`; null = none.
   * @throws Unavailable where no machine can be had.
   */
  static async build(cache, repository, python = null) {
    const programs = findPrograms();
    const kernel = await findKernel(cache);
    const machine = {
      program: programs['qemu-system-x86_64'],
      kernel: kernel.image,
      initramfs: await buildInitramfs(cache, programs, kernel.modules),
      base: await buildBaseDisk(cache, programs, process.execPath),
      payload: await buildPayloadDisk(cache, programs, repository, {
        python,
        modules: await findModules(kernel.home, NFS)
      }),
      home: await readFile(await buildHomeDisk(cache, programs))
    };
    return PowerMachine.of(machine);
  }

  static async of(machine) {
    // The path of a socket may have 107 bytes.
    return new PowerMachine(machine, await mkdtemp(join(tmpdir(), 'labkeeper-power-')));
  }

  constructor(machine, folder) {
    this.machine = machine;
    this.folder = folder;
    this.disk = new VolatileDisk(Buffer.from(machine.home));
  }

  /** Another one of the same kind, with a home of its own, as it was first. */
  another() {
    return PowerMachine.of(this.machine);
  }

  /**
   * Lets it live until it ends, or the power goes.
   *
   * @param driver - the program that plays inside.
   * @param order - what it is told.
   * @param onReport - gets what it reports, and a function that cuts the power, which takes random numbers and says what
   *   became of what was not flushed.
   * @param options - timeoutMs; startsAtMs: what its clock says at first; onConsole.
   */
  async live(driver, order, onReport, { timeoutMs, startsAtMs = Date.now(), onConsole = () => undefined }) {
    const { program, kernel, initramfs, base, payload } = this.machine;
    const orderPath = join(this.folder, 'order');
    await writeOrder(orderPath, order);
    const server = await NbdServer.listen(this.disk, join(this.folder, 'home.sock'));
    const power = new AbortController();
    const cut = random => {
      const { disk, ...fate } = this.disk.cutPower(random);
      this.disk = disk;
      server.disconnect();
      power.abort();
      return fate;
    };
    const disks = [
      { path: base, readOnly: true },
      { path: payload, readOnly: true },
      { socket: server.path },
      { path: orderPath, readOnly: true }
    ];
    try {
      await boot(
        { program, kernel, initramfs, disks, memoryMiB: MEMORY_MIB, cpus: 1, startsAtMs },
        [`driver=${driver}`],
        message => onReport(message, cut),
        onConsole,
        timeoutMs,
        power.signal
      );
    } finally {
      await server.close();
    }
  }

  async remove() {
    await rm(this.folder, { recursive: true, force: true });
  }
}
