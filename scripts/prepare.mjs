/**
 * What `npm start` and `npm test` need first: npm packages, Debian packages, a build. Plain node,
 * for nothing is installed yet. Where everything is there it touches neither network nor disk.
 */
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where commands live. A shell that `su` has made root may lack the sbin folders; what is started here has them. */
const COMMAND_FOLDERS = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
process.env.PATH = COMMAND_FOLDERS.join(":");

/** flock(1) ends with this code where another process holds the lock. */
const LOCKED_ELSEWHERE = 75;

/** An error that is one line for the reader, with what to do about it. */
export class PrepareError extends Error {}

export function progress(line) {
  process.stderr.write(`plimsoll: ${line}\n`);
}

/** Runs `body`; a PrepareError becomes one line on stderr and exit code 1. */
export function orExit(body) {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(1);
  }
}

/** In the order they are made. */
const STEPS = {
  packages: { isDone: isInstalled, make: install },
  build: { isDone: isBuilt, make: build },
};

/** Makes the named steps that are not done. One process at a time: a second one waits, then finds them done. */
export function prepare(...names) {
  requireNode();
  if (names.every((name) => STEPS[name].isDone())) return;
  const locked = ["package.json", process.execPath, fileURLToPath(import.meta.url), "--locked", ...names];
  const lock = (...options) =>
    run("flock", [...options, "--conflict-exit-code", `${LOCKED_ELSEWHERE}`, ...locked]);
  let { status } = lock("--nonblock");
  if (status === LOCKED_ELSEWHERE) {
    progress("waiting: another npm start or npm test is preparing this folder");
    ({ status } = lock("--timeout", "900"));
  }
  if (status === LOCKED_ELSEWHERE) {
    throw new PrepareError(
      "another process has been preparing this folder for 15 minutes (hint: end it, then try again)",
    );
  }
  if (status === null) throw new PrepareError("flock: command not found (hint: apt-get install util-linux)");
  if (status !== 0) process.exit(1); // it has said why
}

/** As `prepare`, in the process that flock(1) runs while it holds the lock. */
function prepareLocked(names) {
  for (const name of names) {
    if (!STEPS[name].isDone()) STEPS[name].make();
  }
}

function requireNode() {
  const wanted = readJson("package.json").engines.node.replace(">=", "").split(".").map(Number);
  const running = process.versions.node.split(".").map(Number);
  const first = wanted.findIndex((part, i) => part !== running[i]);
  if (first === -1 || wanted[first] < running[first]) return;
  throw new PrepareError(`Node.js ${wanted.join(".")} or newer is needed, this is ${process.versions.node}`);
}

/** Whether node_modules holds what the lock file says. npm writes its record last, so half an installation has none. */
function isInstalled() {
  const installed = readJson("node_modules/.package-lock.json")?.packages;
  if (installed === undefined) return false;
  return Object.entries(readJson("package-lock.json").packages).every(([path, wanted]) => {
    const found = installed[path];
    if (path === "") return true;
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

function install() {
  progress("installing npm packages (npm ci)");
  const flags = ["--include=dev", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, output } = run("npm", ["ci", ...flags], "capture");
  if (status === 0) return;
  const why = output
    .split("\n")
    .filter((line) => /^npm (error|ERR!) (?!code |errno |syscall |path |A complete log)/.test(line));
  throw new PrepareError(
    `npm ci: ${why[0]?.replace(/^npm \S+ /, "") ?? "failed"} (hint: npm ci shows all of it)`,
  );
}

const BUILT = "dist/.built";

function isBuilt() {
  return modifiedMs(BUILT) >= Math.max(...sources().map(modifiedMs));
}

function build() {
  progress("building (tsc)");
  const startedSeconds = Date.now() / 1000;
  const node = (...argv) => run(process.execPath, argv, "capture");
  const compiled = node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
  const bundled = node("scripts/bundle.mjs"); // Of what was emitted in spite of errors, too.
  if (compiled.status !== 0) {
    process.stderr.write(compiled.output);
    throw new PrepareError("tsc: the sources do not compile (hint: the lines above say where)");
  }
  if (bundled.status !== 0) {
    process.stderr.write(bundled.output);
    throw new PrepareError("bundle: a program cannot be made one file (hint: the lines above say why)");
  }
  // As old as its inputs may be: a file saved during the build makes the next one run.
  writeFileSync(join(ROOT, BUILT), "");
  utimesSync(join(ROOT, BUILT), startedSeconds, startedSeconds);
}

/** Every file and folder the build reads; a folder's own time tells of files removed. */
function sources() {
  const roots = readJson("tsconfig.build.json").include;
  const below = roots.flatMap((root) => {
    try {
      return readdirSync(join(ROOT, root), { recursive: true }).map((name) => join(root, name));
    } catch {
      return []; // a room that does not exist
    }
  });
  const makers = ["tsconfig.json", "tsconfig.build.json", "package-lock.json", "scripts/bundle.mjs"];
  return [...makers, ...roots, ...below];
}

/**
 * Installs the Debian packages of which something is missing, where that is possible (root and apt-get).
 * `needs` is a command, or a file by its path. Returns what is missing still.
 */
export function installDebianPackages(packages) {
  const missing = packages.filter(({ needs }) => !isThere(needs));
  if (missing.length === 0 || process.getuid() !== 0 || !hasCommand("apt-get")) return missing;
  const apt = ["-q", "-y", "-o", "DPkg::Lock::Timeout=600"];
  run("apt-get", [...apt, "update"], "capture"); // without network the lists at hand may still do
  const names = offeredPackages([...new Set(missing.map((each) => each.package))]);
  progress(`installing Debian packages: ${names.join(" ")}`);
  const install = [...apt, "install", "--no-install-recommends", ...names];
  const { status, output } = run("apt-get", install, "capture");
  stopServices(missing);
  if (status !== 0) progress(`apt-get: ${output.trimEnd().split("\n").at(-1)}`);
  return missing.filter(({ needs }) => !isThere(needs));
}

/** Those that this Debian has: a name that it does not know keeps apt-get from all others. */
function offeredPackages(names) {
  const { output } = run("apt-cache", ["show", "--no-all-versions", ...names], "capture");
  const known = new Set(output.split("\n"));
  return names.filter((name) => known.has(`Package: ${name}`));
}

/** A package may start a service of its own (Prometheus, Docker): only its programs are wanted here. */
function stopServices(packages) {
  const services = packages.flatMap(({ services = [] }) => services);
  if (services.length > 0 && hasCommand("systemctl"))
    run("systemctl", ["disable", "--now", ...services], "capture");
}

function isThere(needs) {
  return needs.startsWith("/") ? existsSync(needs) : hasCommand(needs);
}

function hasCommand(name) {
  return COMMAND_FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a command to its end; its output goes to stderr, or is captured. `status` is null where it cannot be started. */
function run(command, args, output) {
  const stdio = output === "capture" ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const result = spawnSync(command, args, { cwd: ROOT, stdio, env, encoding: "utf8", maxBuffer: 64 << 20 });
  return { status: result.status, output: `${result.stdout ?? ""}${result.stderr ?? ""}` };
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
  } catch {
    return undefined;
  }
}

function modifiedMs(path) {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, ...names] = process.argv.slice(2);
  orExit(() => (first === "--locked" ? prepareLocked(names) : prepare(...Object.keys(STEPS))));
}
