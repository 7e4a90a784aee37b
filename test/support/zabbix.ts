import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { canConnect, type Point, type Receiver, restartable } from "./receivers.ts";

const POSTGRES = "/usr/lib/postgresql";
const SCHEMA = "/usr/share/zabbix-server-pgsql/schema.sql.gz";

/** The least that a server starts with, one host named by its IP, and three trapper items (type 2). */
const SEED = `
INSERT INTO hstgrp (groupid, name, internal) VALUES (1, 'machines', 1);
INSERT INTO config (configid, discovery_groupid) VALUES (1, 1);
INSERT INTO role (roleid, name, type) VALUES (1, 'r', 3);
INSERT INTO users (userid, username, roleid) VALUES (1, 'u', 1);
INSERT INTO hosts (hostid, host, name) VALUES (10001, '10.0.0.7', '10.0.0.7');
INSERT INTO hosts_groups (hostgroupid, hostid, groupid) VALUES (1, 10001, 1);
INSERT INTO items (itemid, type, hostid, key_, value_type) VALUES
  (1, 2, 10001, 'system.cpu.load[all,avg1]', 0),
  (2, 2, 10001, 'agent.ping', 3),
  (3, 2, 10001, 'net.if.in[lo,bytes]', 3);
INSERT INTO item_rtdata (itemid) VALUES (1), (2), (3);
`;

/** Debian's Zabbix server on a PostgreSQL of its own. */
export interface Zabbix extends Receiver {
  readonly port: number;
  /** Values of an item of the host 10.0.0.7, in the order of their times. */
  points(key: string): Promise<readonly Point[]>;
}

export async function makeZabbix(cleanup: Cleanup): Promise<Zabbix> {
  const folder = cleanup.temporaryFolder();
  chmodSync(folder, 0o755);
  const database = await startPostgres(cleanup, folder);
  const port = await lowPort();
  const config = join(folder, "zabbix.conf");
  writeFileSync(config, configText(folder, port, database.port));
  const server = restartable(cleanup, ["zabbix_server", "-f", "-c", config], () => canConnect(port));
  return {
    port,
    ...server,
    points: async (key) => {
      const rows = await database.query(
        `SELECT clock, ns, value FROM (SELECT * FROM history UNION ALL SELECT itemid, clock, value, ns FROM history_uint) h
         JOIN items USING (itemid) WHERE key_ = '${key}' ORDER BY clock, ns`,
      );
      return rows.map(([clock, ns, value]) => [Number(clock) * 1000 + Number(ns) / 1e6, Number(value)]);
    },
  };
}

/** Zabbix takes no port above 32767, where the free ones begin. */
async function lowPort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  return (await canConnect(port)) ? lowPort() : port;
}

interface Database {
  readonly port: number;
  query(sql: string): Promise<readonly (readonly string[])[]>;
}

/** It refuses to run as root: everything of it is done as the user of the package. */
async function startPostgres(cleanup: Cleanup, folder: string): Promise<Database> {
  const programs = join(POSTGRES, readdirSync(POSTGRES).sort().at(-1) ?? "", "bin");
  const data = join(folder, "postgres");
  mkdirSync(data);
  const [uid, gid] = (await exec(["sh", "-c", "id -u postgres; id -g postgres"])).stdout
    .trim()
    .split("\n")
    .map(Number);
  chownSync(data, uid ?? 0, gid ?? 0);
  const asPostgres = (program: string, ...args: readonly string[]) =>
    exec(
      [
        "setpriv",
        "--reuid",
        "postgres",
        "--regid",
        "postgres",
        "--clear-groups",
        join(programs, program),
        ...args,
      ],
      {
        cwd: data,
        timeoutMs: 120_000,
      },
    );
  const port = await freePort();
  await asPostgres("initdb", "-D", data, "-A", "trust", "-U", "zabbix", "-E", "UTF8", "--no-sync");
  const flags = `-p ${port} -k ${data} -c listen_addresses=127.0.0.1 -c fsync=off`;
  await asPostgres("pg_ctl", "-D", data, "-w", "-l", join(data, "log"), "-o", flags, "start");
  cleanup.add(
    "postgres",
    async () => void (await asPostgres("pg_ctl", "-D", data, "-m", "immediate", "stop")),
  );
  const psql = [
    "psql",
    "-X",
    "-q",
    "-A",
    "-t",
    "-v",
    "ON_ERROR_STOP=1",
    "-h",
    "127.0.0.1",
    "-p",
    String(port),
    "-U",
    "zabbix",
  ];
  await exec([...psql, "-c", "CREATE DATABASE zabbix", "postgres"]);
  await exec([...psql, "zabbix"], {
    input: gunzipSync(readFileSync(SCHEMA)).toString() + SEED,
    timeoutMs: 120_000,
  });
  return {
    port,
    query: async (sql) => {
      const { stdout } = await exec([...psql, "zabbix"], { input: sql });
      return stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split("|"));
    },
  };
}

function configText(folder: string, port: number, databasePort: number): string {
  const few = ["Pollers", "Pingers", "Discoverers", "HTTPPollers", "HistoryPollers", "ODBCPollers"].map(
    (kind) => `Start${kind}=0`,
  );
  return [
    `ListenPort=${port}`,
    "ListenIP=127.0.0.1",
    "DBHost=127.0.0.1",
    `DBPort=${databasePort}`,
    "DBName=zabbix",
    "DBUser=zabbix",
    "LogType=console",
    `PidFile=${folder}/zabbix.pid`,
    `SocketDir=${folder}`,
    "AllowRoot=1",
    "StartPollersUnreachable=1",
    "StartTrappers=1",
    "StartPreprocessors=1",
    "StartDBSyncers=1",
    "CacheUpdateFrequency=1",
    ...few,
    "",
  ].join("\n");
}
