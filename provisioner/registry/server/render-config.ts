/*
 * config.yml of CNCF Distribution 2.8 and 3 ("Configuring a registry").
 *
 * No cache but the process's own is ever configured: what a garbage collection removes is forgotten with the
 * restart that ends it, which a cache in another process would survive. Of several replicas none has one: a blob that
 * was removed at one would be there to the others, who would take a manifest that needs it.
 */
import { renderAddress } from "./address.ts";
import type { Replica, ServerSpec } from "./declaration.ts";
import { renderYaml, type Yaml } from "./render-yaml.ts";

type Section = { readonly [key: string]: Yaml | undefined };

/** What the file has that the declaration only points at. */
export interface Secrets {
  /** Signs the state of uploads, which any replica must be able to go on with. */
  readonly httpSecret: string;
  readonly s3: { readonly access: string; readonly secret: string } | undefined;
  /** Of the notifications' endpoints, by name. */
  readonly tokens: ReadonlyMap<string, string>;
}

export const TOKEN_CERTIFICATE = "token.crt";
/** Requests that are under way when it is stopped have so long to end. */
export const DRAIN_SECONDS = 30;

export function renderConfig(spec: ServerSpec, secrets: Secrets, isReadOnly: boolean): string {
  return renderYaml({
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: {
      ...storageOf(spec, secrets),
      delete: { enabled: true },
      cache: spec.replicas.length === 1 ? { blobdescriptor: "inmemory" } : undefined,
      maintenance: {
        uploadpurging: { enabled: true, age: "168h", interval: "24h", dryrun: false },
        readonly: { enabled: isReadOnly },
      },
    },
    auth: authOf(spec),
    http: {
      addr: spec.replicas.map((replica) => listenAddress(spec, replica))[0], // the others' by their environment
      secret: secrets.httpSecret,
      relativeurls: true, // whatever name or port it is reached by
      draintimeout: `${DRAIN_SECONDS}s`,
      headers: { "X-Content-Type-Options": ["nosniff"] },
      tls: tlsOf(spec),
    },
    notifications: notificationsOf(spec, secrets),
    health: { storagedriver: { enabled: true, interval: "10s", threshold: 3 } },
  });
}

/** What of that decides who is let in, by its key, as it stands there; empty for what is not there. */
export function renderDoors(spec: ServerSpec): Readonly<Record<"auth" | "tls", string>> {
  return { auth: renderYaml({ auth: authOf(spec) }), tls: renderYaml({ tls: tlsOf(spec) }, "  ") };
}

/** Packets that a director has not rewritten are for its own address, which such a replica has as well. */
export function listenAddress({ balancer }: ServerSpec, replica: Replica): string {
  return balancer === undefined || balancer.method === "nat" ? renderAddress(replica) : `:${replica.port}`;
}

function storageOf({ storage, version }: ServerSpec, { s3 }: Secrets): Section {
  if (storage.kind === "filesystem") return { filesystem: { rootdirectory: storage.folder } };
  return {
    s3: {
      accesskey: s3?.access,
      secretkey: s3?.secret,
      region: storage.region,
      regionendpoint: storage.endpoint,
      bucket: storage.bucket,
      rootdirectory: storage.folder,
      secure: storage.endpoint?.startsWith("https:") ?? true,
      // Since 3 no longer of itself where there is an endpoint.
      forcepathstyle: version === 3 && storage.endpoint !== undefined ? true : undefined,
    },
    redirect: { disable: !storage.redirect },
  };
}

function authOf({ auth, name, folder }: ServerSpec): Section | undefined {
  if (auth === undefined) return undefined;
  if (auth.kind === "htpasswd") return { htpasswd: { realm: auth.realm, path: auth.file } };
  const rootcertbundle = `${folder}/${TOKEN_CERTIFICATE}`;
  return { token: { realm: auth.url, service: name, issuer: name, rootcertbundle } };
}

/** With a policy clients come to the gate, and nobody but the gate comes here. */
function tlsOf({ policyFile, tls }: ServerSpec): Section | undefined {
  return policyFile === undefined && tls ? { ...tls, minimumtls: "tls1.2" } : undefined;
}

function notificationsOf({ notifications }: ServerSpec, { tokens }: Secrets): Section | undefined {
  if (notifications.length === 0) return undefined;
  const endpoints = notifications.map(({ name, url }) => {
    const token = tokens.get(name);
    return {
      name,
      url,
      ...(token === undefined ? {} : { headers: { Authorization: [`Bearer ${token}`] } }),
      timeout: "1s",
      threshold: 5,
      backoff: "5s",
    };
  });
  return { endpoints };
}
