import { verify, X509Certificate } from "node:crypto";
import { expect } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { makeTokenKey } from "../../../../../provisioner/registry/server/token-key.ts";
import { parseTokenKey, renderToken } from "../../../../../provisioner/registry/tokens/jwt.ts";
import { hasCommand, testIf } from "../../../../support/host.ts";

testIf(hasCommand("openssl"))("what the certificate in its header verifies", async () => {
  const { key, certificate } = await makeTokenKey("registry");
  const access = [{ type: "repository", name: "team/app", actions: ["pull"] }] as const;
  const about = { issuer: "registry", audience: "registry", subject: "ada", access };
  const token = renderToken(parseTokenKey("folder", key, certificate), {
    ...about,
    ...{ nowSeconds: 1000, lifeSeconds: 300, id: "one" },
  });
  const [header = "", body = "", signature = ""] = token.split(".");
  const parse = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
  expect(parse(header)).toMatchObject({ typ: "JWT", alg: "ES256", x5c: [expect.any(String)] });
  const { iss, sub, aud, exp, nbf, iat, jti } = parse(body) as Record<string, unknown>;
  expect({ iss, sub, aud, exp, nbf, iat, jti }).toEqual({
    ...{ iss: "registry", sub: "ada", aud: "registry" },
    ...{ exp: 1300, nbf: 1000, iat: 1000, jti: "one" },
  });
  expect(parse(body)).toMatchObject({ access });
  const { x5c } = parse(header) as { x5c: readonly string[] };
  const { publicKey } = new X509Certificate(Buffer.from(x5c[0] ?? "", "base64"));
  const isRight = (text: string): boolean =>
    verify(
      "sha256",
      Buffer.from(text),
      { key: publicKey, dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
  expect(isRight(`${header}.${body}`)).toBe(true);
  expect(isRight(`${header}.${body}x`)).toBe(false);
});

testIf(hasCommand("openssl"))("a key that is another's is refused", async () => {
  const [one, other] = [await makeTokenKey("registry"), await makeTokenKey("registry")];
  expect(() => parseTokenKey("folder", one.key, other.certificate)).toThrow(
    "the key is not that of the certificate",
  );
  expect(() => parseTokenKey("folder", "", other.certificate)).toThrow(UsageError);
});
