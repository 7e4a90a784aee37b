/*
 * "Configuring a registry" of CNCF Distribution, of 2.8 and of 3, and its page on the S3 driver: all that is
 * documented of the sections that ours has. Neither version refuses a key that it does not know: a setting that
 * was renamed would be none, and nobody would be told.
 */
type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string", minLength: 1 };
const flag: Schema = { type: "boolean" };
const count: Schema = { type: "integer", minimum: 0 };
const duration: Schema = { type: "string", pattern: "^([0-9]+(ns|us|ms|s|m|h))+$" }; // Go's time.ParseDuration
const headers: Schema = { type: "object", additionalProperties: { type: "array", items: text } };

function section(properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}
const list = (items: Schema): Schema => ({ type: "array", items });
/** A mapping that has one key of these, and not two. */
const oneOf = (...names: readonly string[]): Schema => ({
  oneOf: names.map((name) => ({ required: [name] })),
});

export function configurationSchema(version: 2 | 3): Schema {
  const since3 = (properties: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> =>
    version === 3 ? properties : {};
  const s3 = section(
    {
      ...{ accesskey: text, secretkey: text, region: text, regionendpoint: text, bucket: text },
      ...{ encrypt: flag, keyid: text, secure: flag, skipverify: flag, v4auth: flag },
      ...{ chunksize: count, multipartcopychunksize: count, multipartcopymaxconcurrency: count },
      ...{ multipartcopythresholdsize: count, rootdirectory: text, storageclass: text, objectacl: text },
      useragent: text,
      // Where there is an endpoint, 2.8 does so by itself.
      ...since3({ forcepathstyle: flag, usedualstack: flag, accelerate: flag, loglevel: text }),
    },
    "region",
    "bucket",
    ...(version === 3 ? ["forcepathstyle"] : []), // beside an endpoint, which ours always has in the tests
  );
  const storage = section(
    {
      filesystem: section({ rootdirectory: text, maxthreads: count }, "rootdirectory"),
      s3,
      delete: section({ enabled: flag }),
      redirect: section({ disable: flag }),
      cache: section({
        blobdescriptor: { enum: ["inmemory", "redis"] },
        ...since3({ blobdescriptorsize: count }),
      }),
      maintenance: section({
        uploadpurging: section(
          { enabled: flag, age: duration, interval: duration, dryrun: flag },
          ...["enabled", "age", "interval", "dryrun"],
        ),
        readonly: section({ enabled: flag }),
      }),
      ...since3({ tag: section({ concurrencylimit: count }) }),
    },
    "maintenance",
  );
  const tokens = {
    ...{ realm: text, service: text, issuer: text, rootcertbundle: text, autoredirect: flag },
    ...since3({ autoredirectpath: text, jwks: text, signingalgorithms: list(text) }),
  };
  const auth = section({
    token: section(tokens, "realm", "service", "issuer", "rootcertbundle"),
    htpasswd: section({ realm: text, path: text }, "realm", "path"),
  });
  const tls = {
    ...{ certificate: text, key: text, clientcas: list(text), ciphersuites: list(text) },
    minimumtls: { enum: version === 3 ? ["tls1.2", "tls1.3"] : ["tls1.0", "tls1.1", "tls1.2", "tls1.3"] },
    ...since3({ clientauth: text }),
  };
  const endpoint = {
    ...{ name: text, disabled: flag, url: text, headers, timeout: duration, threshold: count },
    ...{ backoff: duration, ignoredmediatypes: list(text) },
    ignore: section({ mediatypes: list(text), actions: list(text) }),
  };
  return section(
    {
      version: { const: 0.1 },
      log: section({
        accesslog: section({ disabled: flag }),
        level: { enum: ["error", "warn", "info", "debug"] },
        ...{ formatter: { enum: ["text", "json", "logstash"] }, fields: { type: "object" } },
        ...since3({ reportcaller: flag }),
      }),
      storage: { ...storage, ...oneOf("filesystem", "s3") },
      auth: { ...auth, ...oneOf("token", "htpasswd") },
      http: section({
        ...{ addr: text, net: { enum: ["tcp", "unix"] }, prefix: text, host: text, secret: text },
        ...{ relativeurls: flag, draintimeout: duration, tls: section(tls, "certificate", "key"), headers },
        http2: section({ disabled: flag }),
        ...since3({ h2c: section({ enabled: flag }) }),
      }),
      notifications: section({
        events: section({ includereferences: flag }),
        endpoints: list(section(endpoint, "name", "url", "timeout", "threshold", "backoff")),
      }),
      health: section({
        storagedriver: section({ enabled: flag, interval: duration, threshold: count }, "enabled"),
      }),
    },
    "version",
    "storage",
  );
}
