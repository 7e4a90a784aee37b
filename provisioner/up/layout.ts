/**
 * Everything `plimsoll up` makes has a name nobody else uses. So there is no journal to write and
 * none to lose: after a kill -9 the next start finds what is left by these names.
 */
export const LAYOUT = {
  /** Abstract socket (unix(7)) that only one `up` can hold; the kernel drops it with its process. */
  lock: "\0plimsoll-up",
  runDirectory: "/run/plimsoll/up",
  shimMount: "/run/plimsoll/up/shim",
  containerState: "/run/plimsoll/up/container",
  /** Below the hierarchy's root; its children are removed with it. */
  cgroup: "plimsoll-up",
  servicesCgroup: "plimsoll-up/services",
  containerCgroup: "plimsoll-up/sample",
  hostInterface: "plimsoll-up0",
  /** The one thing that stays: the sample container's permanent address. */
  reservation: "/var/lib/plimsoll/provisioner/up.json",
  dockerName: "plimsoll-sample",
} as const;
