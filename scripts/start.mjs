/**
 * `npm start`: installs and builds what is missing, then is `plimsoll up` with the arguments given.
 * The command runs in this very process, so that signals, exit code and terminal are its own. (npm
 * signals only the shell it starts: the `exec` in package.json makes that shell this process.)
 */
import { join } from "node:path";
import { installDebianPackages, orExit, prepare, ROOT } from "./prepare.mjs";

/** What the sample container is made with and shown by. Debian has all but the first two on every machine. */
const PACKAGES = [
  { needs: "ip", package: "iproute2" },
  { needs: "free", package: "procps" },
  { needs: "mount", package: "mount" },
  { needs: "nsenter", package: "util-linux" },
  { needs: "unshare", package: "util-linux" },
];

orExit(() => prepare("packages", "build"));
installDebianPackages(PACKAGES); // what is missing still, the command names

const program = join(ROOT, "dist/provisioner/main.js");
process.argv = [process.execPath, program, "up", ...process.argv.slice(2)];
await import(program);
