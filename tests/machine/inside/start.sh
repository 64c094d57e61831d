#!/bin/busybox sh
# Mounts what every Linux has, runs the driver, and switches the machine off.
export PATH=/usr/bin:/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /dev/shm
mount -t tmpfs -o size=16m,mode=1777 tmpfs /dev/shm
chown 1000:100 /home
ip link set lo up
# No key pressed and nothing echoed: the console carries reports.
stty -echo < /dev/console
driver=driver
for word in $(cat /proc/cmdline); do
  case $word in lk.driver=*) driver=${word#lk.driver=} ;; esac
done
node "/payload/$driver.mjs" $(cat /proc/cmdline) < /dev/null > /dev/console 2>&1
sync
umount /home
# With QEMU's -no-reboot this ends it.
reboot -f
