"""Says, as JSON, which files a Python needs to run: for the root of the sandbox, where nothing else exists."""
import ctypes
import glob
import importlib
import json
import os
import sys
import sysconfig

PACKAGES = ["numpy"]


def mapped_files():
    with open("/proc/self/maps", encoding="utf-8") as maps:
        names = {line.split(maxsplit=5)[5].strip() for line in maps if len(line.split(maxsplit=5)) == 6}
    return {name for name in names if name.startswith("/") and os.path.isfile(name)}


def packages():
    found = {}
    for name in PACKAGES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        folder = os.path.dirname(os.path.realpath(module.__file__))
        parts = [folder] + [path for path in [folder + ".libs"] if os.path.isdir(path)]
        found[name] = {"version": getattr(module, "__version__", "?"), "folders": parts}
    return found


def with_other_names(libraries):
    """[real file, symbolic links beside it]: programs ask for libz.so.1, not for libz.so.1.2.13."""
    links = {}
    for folder in {os.path.dirname(name) for name in libraries}:
        for entry in os.scandir(folder):
            if entry.is_symlink() and ".so" in entry.name:
                links.setdefault(os.path.realpath(entry.path), []).append(entry.path)
    return [[name, sorted(links.get(name, []))] for name in libraries]


def main():
    stdlib = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    dynamic = sysconfig.get_config_var("DESTSHARED") or ""
    if os.path.isdir(dynamic):
        stdlib.add(os.path.realpath(dynamic))
    installed = packages()
    for folder in stdlib:
        for extension in glob.glob(folder + "/*.so") + glob.glob(folder + "/lib-dynload/*.so"):
            try:
                ctypes.CDLL(extension)
            except OSError:
                # Its library is not installed: the module does not work outside the sandbox either.
                continue
    try:
        # Loaded by the C library itself when a thread ends.
        ctypes.CDLL("libgcc_s.so.1")
    except OSError:
        pass
    roots = sorted(folder for folder in stdlib if not any(folder.startswith(other + "/") for other in stdlib))
    inside = tuple(folder + "/" for folder in roots)
    executable = os.path.realpath(sys.executable)
    libraries = sorted(name for name in mapped_files() if not name.startswith(inside) and name != executable)
    package_folders = [folder for package in installed.values() for folder in package["folders"]]
    print(
        json.dumps(
            {
                "executable": executable,
                "version": sys.version.split()[0],
                "version_info": list(sys.version_info[:2]),
                "stdlib": roots,
                "sites": [path for path in map(os.path.realpath, glob.glob(roots[0] + "/*-packages"))],
                "libraries": with_other_names(
                    [
                        name
                        for name in libraries
                        if ".so" in name and not any(name.startswith(folder + "/") for folder in package_folders)
                    ]
                ),
                "packages": installed,
            }
        )
    )


main()
