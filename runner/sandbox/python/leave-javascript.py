"""Pyodide only: forgets the names that lead from Python to JavaScript. The process around it does not rely on that."""
import os
import sys


class NoJavaScript:
    """A finder that comes first and finds nothing: the modules are part of the interpreter and would be found again."""

    roots = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core")

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] in cls.roots:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def leave_javascript():
    sys.meta_path[:] = [NoJavaScript] + [f for f in sys.meta_path if "pyodide" not in type(f).__module__]
    for name in [name for name in sys.modules if name.split(".")[0] in NoJavaScript.roots]:
        del sys.modules[name]


leave_javascript()
