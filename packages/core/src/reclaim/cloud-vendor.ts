/** Clouds whose metadata service tells of a reclaim. */
export type CloudVendor = 'aws' | 'gcp' | 'azure';

/** Azure's mark, "MSFT AZURE VM" in figures; Hyper-V elsewhere has the same vendor, and not this. */
const AZURE_TAG = '7783-7084-3265-9085-8269-3286-77';

/** What the firmware says about the machine, in files that everybody may read; null = not readable. */
export interface IFirmware {
  /** `/sys/class/dmi/id/sys_vendor` */
  readonly sysVendor: string | null;
  /** `/sys/class/dmi/id/product_name` */
  readonly productName: string | null;
  /** `/sys/class/dmi/id/chassis_asset_tag` */
  readonly chassisAssetTag: string | null;
  /** `/sys/hypervisor/uuid`, on Xen alone. */
  readonly hypervisorUuid: string | null;
}

/**
 * In which cloud a machine is; null = in none of these, or nobody says: nothing is asked then. (AWS:
 * identify_ec2_instances; Google and Azure: the marks that cloud-init's ds-identify goes by.)
 */
export function cloudVendor({
  sysVendor,
  productName,
  chassisAssetTag,
  hypervisorUuid
}: IFirmware): CloudVendor | null {
  if (sysVendor === 'Amazon EC2' || (hypervisorUuid ?? '').startsWith('ec2')) {
    return 'aws';
  }
  // A Chromebook's vendor is Google too, its product is not.
  if (sysVendor === 'Google' && (productName === 'Google Compute Engine' || productName === 'Google')) {
    return 'gcp';
  }
  return chassisAssetTag === AZURE_TAG ? 'azure' : null;
}
