import type { NetConnectOpts } from "node:net";
import { UsageError } from "../../core/runtime/errors.ts";

/** Where Debian's and most other packages put it. */
export const DEFAULT_REMOTE = "unix:/var/run/openvswitch/db.sock";

/** `unix:/path` or `tcp:address:port`, as ovs-vsctl --db has it; an IPv6 address stands in brackets. */
export function parseRemote(text: string): NetConnectOpts {
  const path = /^unix:(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const tcp = /^tcp:(?:\[([\da-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = tcp?.[1] ?? tcp?.[2];
  const port = Number(tcp?.[3]);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new UsageError(`${JSON.stringify(text)} is not an OVSDB address`, {
    hint: "write unix:/var/run/openvswitch/db.sock or tcp:192.0.2.1:6640",
  });
}
