import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect } from "vitest";
import { makeTokenKey } from "../../../../../provisioner/registry/server/token-key.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";

testIf(hasCommand("openssl"))("a key, and the certificate of it", async () => {
  const { key, certificate } = await makeTokenKey("registry.example");
  const x509 = new X509Certificate(certificate);
  expect(x509.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(x509.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(x509.subject).toBe("CN=registry.example");
});
