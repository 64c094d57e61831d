import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudVendor, type CloudVendor } from '@labkeeper/core';

/**
 * The cloud that the firmware of this machine names, from files alone: nothing is asked on the network, least of all on
 * machines that are in no cloud.
 *
 * @param sysRoot - `/sys` outside of tests.
 */
export function whichCloud(sysRoot: string): CloudVendor | null {
  const read = (...path: string[]): string | null => {
    try {
      return readFileSync(join(sysRoot, ...path), 'utf8').trim();
    } catch {
      // Not there, or not for us: most machines lack one or all of them.
      return null;
    }
  };
  return cloudVendor({
    sysVendor: read('class', 'dmi', 'id', 'sys_vendor'),
    productName: read('class', 'dmi', 'id', 'product_name'),
    chassisAssetTag: read('class', 'dmi', 'id', 'chassis_asset_tag'),
    hypervisorUuid: read('hypervisor', 'uuid')
  });
}
