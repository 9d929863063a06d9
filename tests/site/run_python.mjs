// Python of the site under Node, with no network: node run_python.mjs SITE WHEELS CHECKOUT PROGRAM
// WHEELS: a folder of more wheels ("": none); CHECKOUT is mounted at /checkout, unless it is ""; PROGRAM is run there, and what it prints is printed.
import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [site, wheels, checkout, program] = process.argv.slice(2);
const core = `${site}/static/pyodide`;
const { loadPyodide } = await import(pathToFileURL(`${core}/pyodide.mjs`));
globalThis.fetch = () => Promise.reject(new Error("there is no network here"));
const python = await loadPyodide({
  indexURL: core,
  lockFileContents: readFileSync(`${core}/pyodide-lock.json`, "utf8"),
  packageBaseUrl: core,
  env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1", TDXKIT_PROGRESS: "/tmp/progress.jsonl" },
});
const quiet = { messageCallback() {}, errorCallback(line) { console.error(line); } };
await python.loadPackage(["tdxkit"], quiet);
if (wheels)
  await python.loadPackage(
    readdirSync(wheels)
      .filter(name => name.endsWith(".whl"))
      .map(name => `${wheels}/${name}`),
    quiet,
  );
python.FS.mkdir("/drive"); // where a page has its notebooks
if (checkout) {
  python.FS.mkdir("/checkout");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: checkout }, "/checkout");
}
process.exitCode = python.runPython(readFileSync(program, "utf8")) ?? 0;
