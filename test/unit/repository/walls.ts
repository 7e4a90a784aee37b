/**
 * Who may import whom. A file belongs to the longest room its path begins with. A room may always
 * import itself and the rooms inside it; a room inside another may not import the outer one unless
 * it says so. Types count as much as values.
 */
export interface Wall {
  readonly room: string;
  /** Rooms, packages, `node:…` modules; `node:*` is all of them except those behind a door. */
  readonly may: readonly string[];
  /** Packages that only import() may load: they are optional, or too heavy to stay in memory. */
  readonly lazily?: readonly string[];
}

export const WALLS: readonly Wall[] = [
  { room: "core/kernel", may: ["node:fs", "node:path"] },
  { room: "core/metrics", may: [] },
  { room: "core/runtime", may: ["node:*", "commander", "pino", "prom-client", "undici"], lazily: ["yaml"] },
  {
    room: "agent",
    may: ["core/kernel", "core/metrics", "core/runtime", "node:*"],
    lazily: ["systeminformation"],
  },
  { room: "lxcfs-shim", may: ["core/kernel", "core/runtime", "node:*", "commander"] },
  // Bytes in, typed operations out.
  { room: "lxcfs-shim/fuse", may: [] },
  // Pure functions of a view.
  { room: "lxcfs-shim/proc-files", may: ["core/kernel"] },
  {
    room: "lxcfs-shim/transport",
    may: ["lxcfs-shim/fuse", "core/runtime", "node:*"],
    lazily: ["fuse-native"],
  },
  {
    room: "collector",
    may: ["core/metrics", "core/runtime", "node:*", "commander", "libsql", "prom-client", "undici"],
  },
  // Runs in a browser.
  { room: "collector/page", may: ["uplot"] },
  {
    room: "provisioner",
    may: ["core/runtime", "node:*", "commander", "libsql", "undici"],
    lazily: ["@cyclonedx/cyclonedx-library", "fzstd"],
  },
  // The one driver with a database inside: its documents mean nothing to it.
  { room: "provisioner/store", may: ["core/runtime", "node:*", "libsql", "undici"] },
  // The plan is data: what would be done, never the doing.
  { room: "provisioner/plan", may: ["provisioner/step", "provisioner/resources"] },
  { room: "provisioner/step", may: ["provisioner/plan", "provisioner/resources"] },
  { room: "provisioner/resources", may: ["provisioner/plan", "provisioner/step"] },
];

/** The one file, or the few, through which each thing of the outside world is reached. */
export const DOORS: readonly { readonly to: string; readonly through: readonly string[] }[] = [
  { to: "node:child_process", through: ["core/runtime/exec.ts", "lxcfs-shim/mount.ts"] },
  { to: "process.env", through: ["core/runtime/config.ts"] },
  { to: "systeminformation", through: ["agent/facts.ts"] },
  { to: "libsql", through: ["collector/store/database.ts", "provisioner/store/embedded.ts"] },
  { to: "fuse-native", through: ["lxcfs-shim/transport/fuse-native.ts"] },
  // require() would load packages that no import names.
  { to: "node:module", through: [] },
  { to: "node:process", through: [] },
];

/** The room of a file, or of an imported name that is a file; undefined for any other. */
export function roomOf(path: string): Wall | undefined {
  return WALLS.filter(({ room }) => path.startsWith(`${room}/`)).sort(
    (a, b) => b.room.length - a.room.length,
  )[0];
}

/** The rooms that are not inside another: the folders programs are made of. */
export function outerRooms(): readonly string[] {
  const rooms = WALLS.map(({ room }) => room);
  return rooms.filter((room) => !rooms.some((other) => room.startsWith(`${other}/`)));
}

/** Why a file of `wall` may not import `to`; undefined where it may. */
export function findBreach(wall: Wall, to: string, isLazy: boolean): string | undefined {
  const target = roomOf(to)?.room ?? to;
  if (target === wall.room || target.startsWith(`${wall.room}/`)) return undefined;
  if (wall.may.includes(target)) return undefined;
  if (target.startsWith("node:") && wall.may.includes("node:*")) return undefined;
  if (!wall.lazily?.includes(target)) return `${wall.room} may not import ${target}`;
  return isLazy ? undefined : `${wall.room} may load ${target} by import() only`;
}
