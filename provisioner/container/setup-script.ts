/**
 * The built-in container's first process: sh(1), started by unshare(1) in new mount, pid, net, uts,
 * ipc and cgroup namespaces, already inside the container's cgroup. It builds the root file system,
 * binds the shim's files, waits for the network (one line on standard input) and becomes
 * plimsoll-init with the agent as its child.
 *
 * Everything it makes dies with its namespaces; nothing needs undoing outside.
 *
 * Environment: STATE an empty directory of the host's, SHIM the shim's mount, APPLICATION this
 * package's directory, NODE the node binary, EXTRA_MOUNTS host mount points that overlayfs does not
 * show through (one a line), CONTAINER_HOSTNAME, IDENTITY the text of identity.json. Arguments: the agent's.
 */
export const SETUP_SCRIPT: string = `
# A tmpfs of the container's own carries what it writes: overlayfs takes no upper layer inside its lower one.
mount -t tmpfs -o mode=755 plimsoll "$STATE"
root=$STATE/root
mkdir "$STATE/upper" "$STATE/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$STATE/upper,workdir=$STATE/work" plimsoll "$root"

# Other file systems of the host (a separate /usr …) are not part of the lower layer.
bind_readonly() {
  mount --bind "$1" "$2"
  mount -o remount,bind,ro "$2"
}
printf '%s\\n' "$EXTRA_MOUNTS" | while IFS= read -r point; do
  [ -z "$point" ] || bind_readonly "$point" "$root$point"
done
mkdir -p "$root/opt/plimsoll"
bind_readonly "$APPLICATION" "$root/opt/plimsoll"

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid plimsoll "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
for device in null zero full random urandom tty; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# The container's own cgroup, read-only, seen from its namespace: for a JVM and the like.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 -o ro,nosuid,nodev,noexec cgroup "$root/sys/fs/cgroup"
else
  mount -t tmpfs -o mode=755 cgroup "$root/sys/fs/cgroup"
  # Controllers that share a hierarchy (cpu,cpuacct) can only be mounted together.
  cut -d: -f2 /proc/self/cgroup | grep -wE 'cpu|cpuacct|cpuset|memory|blkio|pids' | while IFS= read -r set; do
    mkdir "$root/sys/fs/cgroup/$set"
    mount -t cgroup -o "ro,nosuid,nodev,noexec,$set" cgroup "$root/sys/fs/cgroup/$set"
    for controller in $(echo "$set" | tr , ' '); do
      [ "$controller" = "$set" ] || ln -s "$set" "$root/sys/fs/cgroup/$controller"
    done
  done
fi

# True limits: every file the shim has, over the one of the same name.
find "$SHIM/proc" -type f | while IFS= read -r file; do
  target=$root/proc/\${file#"$SHIM/proc/"}
  [ ! -e "$target" ] || mount --bind "$file" "$target"
done
for directory in cpu node; do
  [ ! -e "$SHIM/sys/devices/system/$directory" ] ||
    mount --bind "$SHIM/sys/devices/system/$directory" "$root/sys/devices/system/$directory"
done

mkdir -p "$root/etc/plimsoll"
printf '%s\\n' "$IDENTITY" > "$root/etc/plimsoll/identity.json"
echo "$CONTAINER_HOSTNAME" > /proc/sys/kernel/hostname
mkdir -p "$root/run" "$root/.host"
mount -t tmpfs -o mode=755,nosuid,nodev run "$root/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmp "$root/tmp"
# Only now: the node binary may be below one of the directories that were just covered.
if ! [ -x "$root$NODE" ]; then
  mkdir -p "$(dirname "$root$NODE")"
  : > "$root$NODE"
  bind_readonly "$NODE" "$root$NODE"
fi

cd "$root"
pivot_root . .host
cd /
umount -l /.host
rmdir /.host

echo ready
read -r network_is_up
exec env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 PLIMSOLL_NODE="$NODE" \\
  /opt/plimsoll/bin/plimsoll-init /opt/plimsoll/bin/plimsoll-agent "$@"
`;
