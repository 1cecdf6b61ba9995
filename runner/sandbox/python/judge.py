"""The judge's process: runs the test on a stand-in that asks the candidate's process; never runs the candidate's code."""
import builtins


class CandidateError(Exception):
    """An exception of the candidate that is no builtin one."""


ENDS_OF_ITERATION = (StopIteration, StopAsyncIteration)


def exception_class(names):
    """The nearest builtin: a test may expect ValueError. Exits and interrupts stay plain errors here, and so do the
    exceptions by which iteration ends: they would end a map() or a generator of the test, as if all had been asked."""
    for name in names:
        found = getattr(builtins, name, None) if isinstance(name, str) else None
        if isinstance(found, type) and issubclass(found, Exception) and not issubclass(found, ENDS_OF_ITERATION):
            return found
    return CandidateError


def renew(old, new):
    """Gives `old` the contents of `new` in place, so that other names for it see them."""
    if type(old) is not type(new):
        return
    if type(old) is list:
        if len(old) == len(new):
            for index, value in enumerate(new):
                if type(value) in CONTAINERS and type(value) is type(old[index]):
                    renew(old[index], value)
                else:
                    old[index] = value
        else:
            old[:] = new
    elif type(old) is dict:
        for key, value in new.items():
            if key in old and type(value) in CONTAINERS and type(value) is type(old[key]):
                renew(old[key], value)
                new[key] = old[key]
        old.clear()
        old.update(new)
    elif type(old) is set:
        old.clear()
        old.update(new)
    elif type(old) is bytearray:
        old[:] = new
    elif type(old) is tuple:
        for before, after in zip(old, new):
            renew(before, after)


CONTAINERS = (list, dict, set, bytearray, tuple)


class Judge:
    def __init__(self, settings):
        self.settings = settings
        self.calls = 0
        self.raised = None
        self.name = settings["entry"]

    def proxy(self):
        def candidate(*args, **kwargs):
            return self.call(args, kwargs)

        candidate.__name__ = candidate.__qualname__ = self.name
        return candidate

    def call(self, args, kwargs):
        limits = self.settings["limits"]
        send(b"C", encode((args, kwargs), limits))
        self.calls += 1
        kind, payload = receive()
        if kind == b"V":
            value, changed = decode(payload, limits)
            self.renew(args, kwargs, changed)
            return value
        names, message, changed = decode(payload, limits)
        self.renew(args, kwargs, changed)
        self.raised = self.error(names, message)
        raise self.raised

    def error(self, names, message):
        try:
            return exception_class(names)(message)
        except TypeError:
            # Some builtin exceptions want more than a message.
            return CandidateError(message)

    def renew(self, args, kwargs, changed):
        if changed is not None:
            renew(args, changed[0])
            for name, value in changed[1].items():
                renew(kwargs[name], value)

    def run(self):
        """(outcome, detail)."""
        prelude, test = self.settings["prelude"], self.settings["test"]
        seed_random(prelude, test)
        names = {"__name__": "test"}
        try:
            exec(compile(prelude, "<prelude>", "exec", dont_inherit=True), names)
            names[self.name] = self.proxy()
            exec(compile(test, "<test>", "exec", dont_inherit=True), names)
            check = names["check"]
        except BaseException as error:
            return "test_error", "the test does not load: " + self.explain(error)
        try:
            check(names[self.name])
        except LimitError as error:
            return "reply_limit", str(error)
        except DataError as error:
            return "protocol", str(error)
        except BaseException as error:
            if error is self.raised:
                return ("oom" if isinstance(error, MemoryError) else "exception"), self.message(error)
            kind = "assertion" if isinstance(error, AssertionError) else "exception"
            return kind, self.explain(error)
        return "passed", ""

    def message(self, error):
        try:
            return short(str(error))
        except BaseException:
            return type(error).__name__

    def explain(self, error):
        """The line of the test that failed says more than an empty AssertionError."""
        line = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<test>":
                line = trace.tb_lineno
            trace = trace.tb_next
        lines = self.settings["test"].split("\n")
        where = f" at: {lines[line - 1].strip()}" if line is not None and line <= len(lines) else ""
        return short(f"{type(error).__name__}: {self.message(error)}{where}")


def main():
    plain_limits = {"bytes": 1 << 28, "nodes": 1000, "depth": 10}
    _, payload = receive()
    settings = decode(payload, plain_limits)
    confine(settings)
    send(b"S", b"")
    judge = Judge(settings)
    outcome, detail = judge.run()
    send(b"J", encode((settings["nonce"], outcome, detail, judge.calls), plain_limits))
    # Nothing of the test runs after the verdict; the parent ends this process.
    receive()


main()
