/**
 * /proc/net/route (Documentation/filesystems/proc.rst, net/ipv4/fib_trie.c). Addresses are hexadecimal
 * in the machine's byte order, which zeros do not show:
 *
 *   Iface  Destination  Gateway   Flags  RefCnt  Use  Metric  Mask      MTU  Window  IRTT
 *   eth0   00000000     010011AC  0003   0       0    0       00000000  0    0       0
 *   eth0   000011AC     00000000  0001   0       0    0       0000FFFF  0    0       0
 *
 * /proc/net/ipv6_route (net/ipv6/route.c), no header: destination, prefix length, source, prefix
 * length, next hop, metric, references, uses, flags, device; all but the device hexadecimal:
 *
 *   00000000000000000000000000000000 00 0000… 00 fe80…0001 00000400 00000001 00000000 00000003     eth0
 *   00000000000000000000000000000000 00 0000… 00 0000…0000 ffffffff 00000001 00000000 00200200       lo
 */

/** linux/route.h. */
const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

interface Route {
  readonly device: string;
  readonly flags: number;
  readonly metric: number;
}

/** The device of the default route with the lowest metric; undefined without one. */
export function parseDefaultRoute(text: string): string | undefined {
  const rows = text
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/));
  return lowest(
    rows
      .filter((columns) => columns[1] === "00000000" && columns[7] === "00000000")
      .map(([device = "", , , flags = "", , , metric = ""]) => ({
        device,
        flags: Number.parseInt(flags, 16),
        metric: Number(metric),
      })),
  );
}

/** The same for IPv6. The kernel keeps a rejecting default route on `lo` when there is no other. */
export function parseDefaultRoute6(text: string): string | undefined {
  const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
  return lowest(
    rows
      .filter(([destination = "", prefix]) => /^0{32}$/.test(destination) && prefix === "00")
      .map(([, , , , , metric = "", , , flags = "", device = ""]) => ({
        device,
        flags: Number.parseInt(flags, 16),
        metric: Number.parseInt(metric, 16),
      })),
  );
}

function lowest(routes: readonly Route[]): string | undefined {
  return routes
    .filter(({ device, flags }) => device !== "" && (flags & RTF_UP) !== 0 && (flags & RTF_REJECT) === 0)
    .reduce<Route | undefined>(
      (best, route) => (best !== undefined && best.metric <= route.metric ? best : route),
      undefined,
    )?.device;
}
