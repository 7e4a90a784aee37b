import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exec } from "../../../core/runtime/exec.ts";

/** The certificate is a container for the public key here; who wants another key removes both and runs `init`. */
const DAYS = "3650";

/** A key for tokens (ES256), and the certificate that registries know it by. */
export async function makeTokenKey(
  service: string,
): Promise<{ readonly key: string; readonly certificate: string }> {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-token-key-"));
  try {
    const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const files = ["-keyout", key, "-out", certificate];
    await exec(["openssl", "req", "-x509", ...kind, "-days", DAYS, "-subj", `/CN=${service}`, ...files], {
      title: "openssl req",
    });
    return { key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
