import { parseNetArp } from "../../core/kernel/proc/net-arp.ts";
import { gauge, point } from "../metric.ts";
import { defineSource, filters, isWanted, NOTHING, type SourceKind } from "../source-kind.ts";

const ENTRIES = gauge("node_arp_entries", "ARP entries by device");

export const arp: SourceKind = defineSource({
  name: "arp",
  describes: "neighbours known by address, for each network device",
  options: filters("devices", NOTHING),
  open:
    (wanted) =>
    async ({ nowMs, read }) => {
      const entries = new Map<string, number>();
      for (const { device } of parseNetArp(await read("/proc/net/arp"), "/proc/net/arp")) {
        if (isWanted(device, wanted)) entries.set(device, (entries.get(device) ?? 0) + 1);
      }
      return [...entries].map(([device, count]) => point(ENTRIES, { device }, count, nowMs));
    },
});
