import { parseNetSnmp, WantedColumns } from "../../core/kernel/proc/net-snmp.ts";
import { parseNetSnmp6 } from "../../core/kernel/proc/net-snmp6.ts";
import { type Metric, point, untyped } from "../metric.ts";
import { rememberEach } from "../remember.ts";
import { defineSource, pattern, readIfThere, type SourceKind } from "../source-kind.ts";

/** node_exporter's own default. */
const FIELDS =
  /^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$/;

/** Counters of the network protocols. Their types are not known: most count up, some do not. */
export const netstat: SourceKind = defineSource({
  name: "netstat",
  describes: "counters of IP, ICMP, TCP and UDP",
  options: { fields: pattern(FIELDS, "the counters that match, as `Tcp_ActiveOpens`") },
  open: ({ fields }) => {
    const isWanted = rememberEach((name) => fields.test(name));
    const columns = new WantedColumns(isWanted);
    const metricOf = rememberEach(makeMetric);
    return async ({ nowMs, read }) => {
      const [netstatText, snmpText, snmp6Text] = await Promise.all([
        read("/proc/net/netstat"),
        read("/proc/net/snmp"),
        readIfThere(read, "/proc/net/snmp6"), // Not without IPv6.
      ]);
      const values = [
        ...parseNetSnmp(netstatText, "/proc/net/netstat", columns),
        ...parseNetSnmp(snmpText, "/proc/net/snmp", columns),
        ...(snmp6Text === undefined ? [] : parseNetSnmp6(snmp6Text, "/proc/net/snmp6", isWanted)),
      ];
      return values.map(([name, value]) => point(metricOf(name), {}, value, nowMs));
    };
  },
});

function makeMetric(name: string): Metric {
  return untyped(`node_netstat_${name}`, `Statistic ${name.replace("_", "")}.`);
}
