import { createHash, createHmac, randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import { makeAuthority } from "./certificates.ts";
import type { Cleanup } from "./cleanup.ts";
import { freePort } from "./free-port.ts";
import { type Condition, hasCommand } from "./host.ts";
import { type RunningProgram, startProgram } from "./run-program.ts";
import { waitFor } from "./wait-for.ts";

/** What a Ceph of a test's own takes. */
export const hasCeph: readonly Condition[] = ["ceph-mon", "ceph-osd", "radosgw", "openssl"].map(hasCommand);

const REGION = "us-east-1";
const KEYS = { access: "registry", secret: "the registry's secret" };

/** Ceph's gateway for S3 (radosgw), over a monitor and an OSD that keeps its objects in memory. */
export interface Ceph {
  readonly endpoint: string;
  /** The same by TLS, and who has signed its certificate. */
  readonly tlsEndpoint: string;
  readonly caFile: string;
  /** A new bucket, as `storage` of a declaration; `more` of it. */
  storageIn(bucket: string, more?: object): Promise<object>;
  /** The keys of all objects in a bucket. */
  list(bucket: string): Promise<readonly string[]>;
  /** What is below the gateway goes on. */
  startGateway(): Promise<RunningProgram>;
}

export async function startCeph(cleanup: Cleanup): Promise<Ceph & { readonly gateway: RunningProgram }> {
  const folder = cleanup.temporaryFolder();
  const monitor = `[v2:127.0.0.1:${await freePort()}]`;
  const [host, tlsHost] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const authority = await makeAuthority(folder);
  const tls = await authority.issue("127.0.0.1");
  const frontends = `beast endpoint=${host} ssl_endpoint=${tlsHost} ssl_certificate=${tls.cert} ssl_private_key=${tls.key}`;
  const cluster = randomUUID();
  writeFileSync(join(folder, "ceph.conf"), renderConf(folder, cluster, monitor, frontends));
  const env = { CEPH_CONF: join(folder, "ceph.conf") };
  const run = (...argv: readonly string[]): Promise<unknown> => exec(argv, { env, timeoutMs: 60_000 });
  const start = (...argv: readonly string[]): RunningProgram => startProgram(cleanup, argv, { env });

  const keyring = join(folder, "keyring");
  const all = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"];
  await run("ceph-authtool", keyring, "--create-keyring", "--gen-key", "-n", "mon.", ...all);
  for (const name of ["client.admin", "osd.0"])
    await run("ceph-authtool", keyring, "--gen-key", "-n", name, ...all);
  const map = join(folder, "monmap");
  await run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", monitor, map);
  const [mon, osd] = ["mon", "osd", "gateway"].map((name) => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  });
  await run(
    "ceph-mon",
    "-i",
    "a",
    "--mkfs",
    "--monmap",
    map,
    "--keyring",
    keyring,
    "--mon-data",
    String(mon),
  );
  start("ceph-mon", "-f", "-i", "a", "--mon-data", String(mon));
  const device = randomUUID();
  await run("ceph", "osd", "new", device);
  await run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", device, "--osd-data", String(osd));
  start("ceph-osd", "-f", "-i", "0", "--osd-data", String(osd));

  const endpoint = `http://${host}`;
  const startGateway = async (): Promise<RunningProgram> => {
    const gateway = start("radosgw", "-f", "-n", "client.admin", "--log-to-stderr=true");
    const isUp = (): Promise<boolean> =>
      fetch(endpoint).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor("radosgw", isUp, 60_000);
    return gateway;
  };
  const gateway = await startGateway();
  const user = ["--uid", "registry", "--display-name", "registry"];
  await run(
    "radosgw-admin",
    "user",
    "create",
    ...user,
    "--access-key",
    KEYS.access,
    "--secret-key",
    KEYS.secret,
  );

  const [accessKeyFile, secretKeyFile] = [join(folder, "access"), join(folder, "secret")];
  writeFileSync(accessKeyFile, KEYS.access, { mode: 0o600 });
  writeFileSync(secretKeyFile, KEYS.secret, { mode: 0o600 });
  return {
    endpoint,
    tlsEndpoint: `https://${tlsHost}`,
    caFile: authority.cert,
    gateway,
    startGateway,
    storageIn: async (bucket, more = {}) => {
      await askS3("PUT", new URL(`/${bucket}`, endpoint));
      return { s3: { bucket, endpoint, accessKeyFile, secretKeyFile, redirect: false, ...more } };
    },
    list: async (bucket) => {
      const text = await askS3("GET", new URL(`/${bucket}`, endpoint)); // the first thousand
      return [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => String(key));
    },
  };
}

function renderConf(folder: string, cluster: string, monitor: string, frontends: string): string {
  return `[global]
fsid = ${cluster}
mon host = ${monitor}
public addr = 127.0.0.1
ms bind msgr1 = false
mon allow pool size one = true
# Each pool of the gateway's own is a change that the monitor waits with, two seconds unless told.
paxos propose interval = 0.05
osd pool default size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
keyring = ${folder}/keyring
run dir = ${folder}
admin socket =
log to file = false
mon cluster log to file = false
rgw data = ${folder}/gateway
rgw frontends = ${frontends}
`;
}

/** "Signature Version 4" of Amazon's, for a path without anything to be escaped. */
async function askS3(method: "GET" | "PUT", url: URL): Promise<string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = { host: url.host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": time };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const request = [method, url.pathname, "", lines.join(""), names, headers["x-amz-content-sha256"]];
  const scope = [time.slice(0, 8), REGION, "s3", "aws4_request"];
  const hash = createHash("sha256").update(request.join("\n")).digest("hex");
  const mac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = scope.reduce<string | Buffer>(mac, `AWS4${KEYS.secret}`);
  const signature = mac(key, ["AWS4-HMAC-SHA256", time, scope.join("/"), hash].join("\n")).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEYS.access}/${scope.join("/")}, SignedHeaders=${names}, Signature=${signature}`;
  const answer = await fetch(url, { method, headers: { ...headers, authorization } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text;
}
