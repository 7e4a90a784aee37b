import { FUSE_ROOT_ID } from "../fuse/abi.ts";
import { ERRNO } from "../fuse/errno.ts";
import type { Caller, FileSystem, NodeId, Operation, Reply } from "../fuse/operation.ts";

/** A file system asked by path, as libfuse's high-level interface asks, always in the name of one caller. */
export interface PathFileSystem {
  /** The answer to `operation` on what `path` names, or the error of the look-up. */
  ask(path: string, operation: (node: NodeId) => Operation): Reply;
}

/** `onFailure` hears of exceptions, which are bugs; their caller gets EIO. */
export function openPathFileSystem(
  fileSystem: FileSystem,
  caller: Caller,
  onFailure: (operation: Operation, error: unknown) => void,
): PathFileSystem {
  function handle(operation: Operation): Reply {
    try {
      return fileSystem.handle(operation, caller);
    } catch (error) {
      onFailure(operation, error);
      return { kind: "error", errno: ERRNO.EIO };
    }
  }

  function ask(path: string, operation: (node: NodeId) => Operation): Reply {
    let node: NodeId = FUSE_ROOT_ID;
    for (const name of path.split("/").filter((part) => part !== "")) {
      const found = handle({ kind: "lookup", parent: node, name });
      if (found.kind !== "entry") return found.kind === "error" ? found : { kind: "error", errno: ERRNO.EIO };
      node = found.attributes.node;
    }
    return handle(operation(node));
  }

  return { ask };
}
