import type { HostStorageChange } from "./plan.ts";

/** A change as a line for a reader. */
export function renderStorageChange(change: HostStorageChange): string {
  switch (change.kind) {
    case "createGroup":
      return `create volume group ${change.group} of ${change.devices.join(", ")}`;
    case "extendGroup":
      return `add ${change.devices.join(", ")} to volume group ${change.group}`;
    case "createPool":
      return `create thin pool ${change.group}/${change.pool} of ${change.percent} % of what is free`;
  }
}
