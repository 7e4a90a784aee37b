import { serveInThread } from "../../lxcfs-shim/session/in-thread.ts";
import { openStaticFiles } from "./fuse-static-files.ts";

serveInThread(openStaticFiles);
