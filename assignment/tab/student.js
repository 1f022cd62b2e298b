// The student's worker: runs in a frame of no origin, without network and storage (see python.js).
// What it says goes over one port to the judge, and is a frame of bytes that Python has written.

"use strict";

const MOST = 2 ** 28; // bytes that memory may have grown by, and be cleared for the next exercise

// What NumPy loads late has to be there before memory is kept; then what leads back to JavaScript goes.
const BEFORE = `
import importlib, pkgutil, numpy
for each in ("fft", "linalg", "random"):
    module = importlib.import_module("numpy." + each)
    for found in pkgutil.iter_modules(module.__path__):
        if not found.name.startswith(("test", "_examples")):
            importlib.import_module(module.__name__ + "." + found.name)
from assignment.checking.knn import calls
from assignment.checking.layers import calls
from assignment.tab import student
`;
const LAST = `
import sys
class _Gone:
    """These names mean nothing, as in a terminal."""
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path[:] = [_Gone] + [each for each in sys.meta_path if type(each).__name__ != "JsFinder"]
for name in list(sys.modules):
    if name.partition(".")[0] in ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core"):
        del sys.modules[name]
import gc
gc.freeze()
`;

async function main({ port, ...rest }) {
  const python = await startPython(rest, "student.zip");
  const { FS, LDSO } = python._module;
  const out = FS.makedev(64, 0);
  let asked = 0; // the number of the request that is being answered
  FS.registerDevice(out, {
    write(stream, buffer, offset, length) {
      const frame = new Uint8Array(buffer.slice(offset, offset + length).buffer);
      port.postMessage({ asked, frame });
      return length;
    },
  });
  FS.mkdev("/dev/judge", 0o666, out);
  FS.mkdir("/hand-in");

  // Python asks now and then whether a signal has come. It comes once, when the time is over.
  let end = Infinity;
  python.setInterruptBuffer({
    get 0() {
      if (performance.now() < end) return 0;
      end = Infinity;
      return 2;
    },
    set 0(_) {},
  });
  python.runPython(BEFORE);
  if (rest.library === "scipy") python.runPython("import scipy.stats, scipy.spatial.distance");
  python.runPython(LAST);
  const memory = python._module.HEAPU8.slice();
  const libraries = Object.keys(LDSO.loadedLibsByName).length;

  // All is as it was before the first exercise: where processes are forked, each is such a copy.
  // False, if it can no more be: memory only grows, and a library that came is not in it.
  function restore() {
    if (Object.keys(LDSO.loadedLibsByName).length !== libraries) return false;
    if (python._module.HEAPU8.length > memory.length + MOST) return false;
    FS.streams.slice(3).forEach((stream) => stream && FS.close(stream));
    const now = python._module.HEAPU8;
    now.set(memory);
    now.fill(0, memory.length);
    for (const place of ["/hand-in", "/tmp", "/home/pyodide"]) empty(place);
    return true;
  }
  function empty(place) {
    for (const name of FS.readdir(place)) {
      if (name === "." || name === "..") continue;
      const path = `${place}/${name}`;
      if (FS.isDir(FS.lstat(path).mode)) {
        empty(path);
        FS.rmdir(path);
      } else FS.unlink(path);
    }
  }
  function lay(files) {
    for (const [place, data] of Object.entries(files)) {
      const path = `/hand-in/work/${place}`;
      FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
      FS.writeFile(path, data);
    }
  }

  port.onmessage = ({ data: { number, what, request, files, seconds } }) => {
    asked = number;
    try {
      if (what === "begin") {
        if (!restore()) return port.postMessage({ asked, worn: true });
        lay(files);
      }
      FS.writeFile("/request", request);
      end = performance.now() + 1000 * seconds;
      python.runPython(`student.${what}()`);
      end = Infinity;
    } catch (error) {
      const code = error?.status;
      const ended = code === undefined ? String(error) : `exit code ${code}`;
      port.postMessage({ asked, ended });
    }
  };
  port.postMessage({ ready: true });
}

self.onmessage = ({ data }) => {
  self.onmessage = null;
  main(data).catch((error) => data.port.postMessage({ failed: String(error) }));
};
