import { dirname } from "node:path";
import { UsageError } from "../../../core/runtime/errors.ts";
import { type Exec, exec } from "../../../core/runtime/exec.ts";
import { registryArgv } from "./argv.ts";
import type { ServerSpec } from "./declaration.ts";

/**
 * Whether the registry's user may read and write what it has to: whoever runs `init` is somebody else, and may do
 * everything. Without it Distribution panics at its start, or answers each push with an error that it does not know.
 */
export async function checkAccess(spec: ServerSpec, run: Exec = exec): Promise<void> {
  const { user, auth, tls, storage, policyFile } = spec;
  if (user === undefined) return; // it can do what we can
  const may = async (flag: string, path: string): Promise<boolean> => {
    const argv = await registryArgv({ ...spec, program: "test" }, flag, path);
    return (await run(argv, { okCodes: [0, 1] })).code === 0;
  };
  const read = [
    ...(auth?.kind === "htpasswd" ? [auth.file] : []),
    ...(tls !== undefined && policyFile === undefined ? [tls.certificate, tls.key] : []), // else they are the gate's
    ...(storage.kind === "s3" && storage.caFile !== undefined ? [storage.caFile] : []),
  ];
  for (const path of read)
    if (!(await may("-r", path))) throw new UsageError(`${path}: cannot be read by ${user}`);
  if (storage.kind !== "filesystem" || (await may("-w", storage.folder))) return;
  const isThere = await may("-e", storage.folder);
  if (!isThere && (await may("-w", dirname(storage.folder)))) return; // it makes the folder itself
  throw new UsageError(
    `${storage.folder}: ${isThere ? "" : "is not there, and "}cannot be written by ${user}`,
    {
      hint: `install -d -o ${user} ${storage.folder}`,
    },
  );
}
