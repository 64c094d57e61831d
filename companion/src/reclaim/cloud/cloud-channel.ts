import type { CloudVendor } from '@labkeeper/core';
import type { IClock } from '../../clock.js';
import type { IReclaimChannel } from '../channel.js';
import { AwsChannel } from './aws-channel.js';
import { AzureChannel } from './azure-channel.js';
import { GcpChannel } from './gcp-channel.js';

/** The address at which all three clouds serve metadata; an address, because a name's resolver may hang. */
export const METADATA_URL = 'http://169.254.169.254';

/** The channel of a cloud's metadata service. */
export function createCloudChannel(
  vendor: CloudVendor,
  options: { readonly baseUrl: string; readonly clock: IClock }
): IReclaimChannel {
  switch (vendor) {
    case 'aws':
      return new AwsChannel(options);
    case 'gcp':
      return new GcpChannel(options);
    case 'azure':
      return new AzureChannel(options);
  }
}
