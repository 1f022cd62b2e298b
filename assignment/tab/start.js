// In both workers: Pyodide, from bytes that the page has fetched and checked. Nothing is fetched here.

"use strict";

const SUITE = { extractDir: "/suite" };
const NOWHERE = "https://pyodide.invalid/";

// files: name -> Uint8Array; module: its compiled WebAssembly; packages: those of the lock that count
// archive: what is laid into /suite; library: SciPy, where it is asked for
async function startPython({ files, module, info, packages, library }, archive, env = {}) {
  const served = { ...files, "pyodide-lock.json": JSON.stringify({ info, packages }) };
  const { fetch } = self;
  const { instantiateStreaming } = WebAssembly;
  self.fetch = async (url) => new Response(served[String(url).slice(NOWHERE.length)]);
  WebAssembly.instantiateStreaming = async (_, imports) => ({
    module,
    instance: await WebAssembly.instantiate(module, imports),
  });
  try {
    const python = await loadPyodide({
      indexURL: NOWHERE,
      env: { PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1", ...env },
      stdin: () => null,
      stdout: () => {},
      stderr: () => {},
    });
    if (library) {
      const quiet = { messageCallback: () => {}, errorCallback: () => {} };
      await python.loadPackage(["numpy", library], quiet);
    } else python.unpackArchive(files[packages.numpy.file_name], "wheel", SUITE);
    python.unpackArchive(files[archive], "zip", SUITE);
    python.runPython("import sys; sys.path.insert(0, '/suite')");
    return python;
  } finally {
    Object.assign(self, { fetch });
    Object.assign(WebAssembly, { instantiateStreaming });
  }
}
