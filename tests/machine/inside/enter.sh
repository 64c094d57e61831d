#!/bin/busybox sh
# enter.sh GROUP NAMESPACE COMMAND…: runs the command in the control group, as the container's user.
# NAMESPACE private: the group is the root of what the command sees, as in a container; host: it sees the whole tree.
group=$1
namespace=$2
shift 2
# The driver protects itself from the out-of-memory killer; what it starts must not inherit that.
echo 0 > /proc/self/oom_score_adj
echo $$ > "/sys/fs/cgroup/$group/cgroup.procs" || exit 70
if [ "$namespace" = private ]; then
  exec /usr/bin/unshare --cgroup --mount /payload/enter-namespace.sh "$@"
fi
exec /usr/bin/unshare --setgid 100 --setuid 1000 "$@"
