import type { NodeId } from "../fuse/operation.ts";

/** The kernel's number of the mount's root (FUSE_ROOT_ID, linux/fuse.h). */
export const ROOT_NODE: NodeId = 1;

/**
 * A path's node id: 52 bits of hash, so that a server started in the place of another one knows the nodes the kernel
 * still holds. Among the 50,000 paths of a machine with 512 CPUs, two collide once in three million machines.
 */
export function nodeIdOf(path: string): NodeId {
  if (path === "") return ROOT_NODE;
  // FNV-1a twice, from different starts; the second also sees the first, or they would collide together.
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  for (let index = 0; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code ^ (high >>> 15), 0x85ebca6b);
  }
  const id = (mix(high) & 0xfffff) * 2 ** 32 + (mix(low) >>> 0);
  return id <= ROOT_NODE ? id + 2 : id;
}

/** Every bit of the input reaches every bit of the result. */
function mix(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
