#!/bin/busybox sh
# A guest's first process, in the initramfs. On the kernel's command line: plimsoll.checkout, a folder;
# plimsoll.cgroup, the hierarchy's version. It ends by becoming the job that the host has left.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
option() { sed -n "s/.*plimsoll\.$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
for module in /modules/*; do insmod "$module"; done

# What is shared is read-only: a tmpfs takes what the guest writes.
mkdir -p /shared /written /root
mount -t tmpfs -o size=1g tmpfs /written
share() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2"; }
writable() { # NAME MOUNT_POINT
  mkdir -p "/shared/$1" "/written/$1/upper" "/written/$1/work" "$2"
  share "$1" "/shared/$1" ro,cache=loose
  mount -t overlay -o "lowerdir=/shared/$1,upperdir=/written/$1/upper,workdir=/written/$1/work" overlay "$2"
}
writable host /root
mount -t tmpfs -o mode=1777 tmpfs /root/tmp
mount -t tmpfs -o mode=755 tmpfs /root/run
writable checkout "/root$(option checkout)"
mkdir /root/run/exchange
share exchange /root/run/exchange rw

# A disk, for what is counted per disk.
mount -t ext4 /dev/vda /root/var/tmp

# Swap, as on a machine that has some.
echo 256M > /sys/block/zram0/disksize
mkswap /dev/zram0 > /dev/null
swapon /dev/zram0
ifconfig lo up
hostname lab

# Cgroups as systemd mounts them, and a service of its own for the tests.
group=system.slice/lab.service
join_group() {
  mkdir -p "$1/$group"
  echo $$ > "$1/$group/cgroup.procs"
}
if [ "$(option cgroup)" = 2 ]; then
  mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
  echo "+memory +pids" > /sys/fs/cgroup/cgroup.subtree_control
  join_group /sys/fs/cgroup
else
  cd /sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs .
  cd /sys/fs/cgroup
  for set in cpu,cpuacct cpuset memory blkio pids devices freezer net_cls,net_prio perf_event hugetlb rdma; do
    mkdir "$set"
    mount -t cgroup -o "$set" cgroup "$set"
    case $set in *,*) ln -s "$set" "${set%,*}"; ln -s "$set" "${set#*,}" ;; esac
  done
  mkdir systemd unified
  mount -t cgroup -o none,name=systemd cgroup systemd
  mount -t cgroup2 cgroup2 unified
  for set in cpu,cpuacct memory blkio pids devices systemd unified; do join_group "/sys/fs/cgroup/$set"; done
fi

cd /
for folder in proc sys dev; do mount --move "/$folder" "/root/$folder"; done
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts devpts /root/dev/pts
mount -t tmpfs tmpfs /root/dev/shm
exec switch_root /root /bin/sh /run/exchange/job
