import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";

/** PEM files of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the test's own. */
export interface Authority extends Certificate {
  /** A certificate for `name` (an address or a host name), valid for `days` from now. */
  issue(name: string, days?: number): Promise<Certificate>;
}

export async function makeAuthority(folder: string): Promise<Authority> {
  const ca = files(folder, "ca");
  await exec([
    "openssl",
    "req",
    "-x509",
    ...NEW_KEY,
    "-keyout",
    ca.key,
    "-out",
    ca.cert,
    "-days",
    "2",
    "-subj",
    "/CN=test ca",
  ]);
  let serial = 1;
  return {
    ...ca,
    issue: async (name, days = 1) => {
      const issued = files(folder, `${name}-${serial++}`);
      const request = `${issued.cert}.csr`;
      const extensions = `${issued.cert}.ext`;
      writeFileSync(extensions, `subjectAltName=${/^[\d.]+$/.test(name) ? "IP" : "DNS"}:${name}\n`);
      await exec([
        "openssl",
        "req",
        ...NEW_KEY,
        "-keyout",
        issued.key,
        "-out",
        request,
        "-subj",
        `/CN=${name}`,
      ]);
      const signing = [
        "-CA",
        ca.cert,
        "-CAkey",
        ca.key,
        "-set_serial",
        String(serial),
        "-days",
        String(days),
      ];
      await exec([
        "openssl",
        "x509",
        "-req",
        "-in",
        request,
        "-out",
        issued.cert,
        "-extfile",
        extensions,
        ...signing,
      ]);
      return issued;
    },
  };
}

/** What a server or a client takes. */
export function readCertificate({ cert, key }: Certificate): { cert: string; key: string } {
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function files(folder: string, name: string): Certificate {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}
