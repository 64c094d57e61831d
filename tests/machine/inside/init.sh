#!/bin/busybox sh
# First program of the test machine: loads the disk drivers and hands over to the base disk.
/bin/busybox mount -t devtmpfs devtmpfs /dev
# LOAD MODULES
/bin/busybox mount -t ext4 -o ro,noload /dev/vda /root
/bin/busybox mount -t ext4 -o ro,noload /dev/vdb /root/payload
/bin/busybox mount -t ext4 /dev/vdc /root/home
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /payload/start.sh
