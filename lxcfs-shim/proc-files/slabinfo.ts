import type { ProcFile } from "./types.ts";

// slabinfo - version: 2.1
// # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables …
//
// mm/slab_common.c, print_slabinfo_header.

export const slabinfo: ProcFile = {
  path: "slabinfo",
  mode: 0o400, // as procfs has it: where the host is shown, its heap is not for all to see
  describes: "its heads only: the kernel counts a container's caches in one sum, which meminfo shows",
  needs: [],
  fields: [{ field: "every cache", from: "none: kept per cgroup by no kernel since 5.9" }],
  underived: () => ["every cache"],
  render: () => HEAD,
};

const HEAD = [
  "slabinfo - version: 2.1\n",
  "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>",
  " : tunables <limit> <batchcount> <sharedfactor>",
  " : slabdata <active_slabs> <num_slabs> <sharedavail>\n",
].join("");
