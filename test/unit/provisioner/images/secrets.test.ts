import { expect, test } from "vitest";
import { findSecrets, isSecretVariable } from "../../../../provisioner/images/secrets.ts";
import { PRIVATE_KEY } from "../../../support/made-image.ts";

test("what looks like a secret", () => {
  expect(findSecrets(`a\n${PRIVATE_KEY}`)).toEqual(["private key"]);
  expect(findSecrets(`key = ${"AKIA"}${"A1".repeat(8)}`)).toEqual(["AWS access key"]);
  expect(findSecrets(`ghp_${"a".repeat(36)} and {"auths":{"r":{"auth": "dXNlcjpwYXNz"}}}`)).toEqual([
    "GitHub token",
    "registry password",
  ]);
});

test("what only talks of it", () => {
  expect(findSecrets('if grep -q "-----BEGIN PRIVATE KEY-----" "$file"; then')).toEqual([]);
  expect(findSecrets("AKIA, ghp_short, glpat-")).toEqual([]);
});

test("variables by name, unless they name a file", () => {
  expect(["DB_PASSWORD=x", "API_KEY=1", "MY_TOKEN=abc"].filter(isSecretVariable)).toHaveLength(3);
  expect(
    ["PATH=/bin", "PASSWORD_FILE=/run/secrets/db", "TOKEN=", "noequals"].filter(isSecretVariable),
  ).toEqual([]);
});
