import type { SourceKind } from "../source-kind.ts";
import { arp } from "./arp.ts";
import { cgroup } from "./cgroup.ts";
import { conntrack } from "./conntrack.ts";
import { cpu } from "./cpu.ts";
import { diskstats } from "./diskstats.ts";
import { entropy } from "./entropy.ts";
import { exec } from "./exec.ts";
import { filefd } from "./filefd.ts";
import { filesystem } from "./filesystem.ts";
import { loadavg } from "./loadavg.ts";
import { meminfo } from "./meminfo.ts";
import { netclass } from "./netclass.ts";
import { netdev } from "./netdev.ts";
import { netstat } from "./netstat.ts";
import { os } from "./os.ts";
import { pressure } from "./pressure.ts";
import { processes } from "./processes.ts";
import { schedstat } from "./schedstat.ts";
import { sockstat } from "./sockstat.ts";
import { softnet } from "./softnet.ts";
import { stat } from "./stat.ts";
import { tcpstat } from "./tcpstat.ts";
import { textfile } from "./textfile.ts";
import { time } from "./time.ts";
import { udpQueues } from "./udp-queues.ts";
import { uname } from "./uname.ts";
import { virtualProc } from "./virtual-proc.ts";
import { vmstat } from "./vmstat.ts";

/** Every source there is, in the order of their names. */
export const sources: readonly SourceKind[] = [
  arp,
  cgroup,
  conntrack,
  cpu,
  diskstats,
  entropy,
  exec,
  filefd,
  filesystem,
  loadavg,
  meminfo,
  netclass,
  netdev,
  netstat,
  os,
  pressure,
  processes,
  schedstat,
  sockstat,
  softnet,
  stat,
  tcpstat,
  textfile,
  time,
  udpQueues,
  uname,
  virtualProc,
  vmstat,
];
