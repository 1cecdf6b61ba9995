"""The candidate's process: runs the generated program and answers calls of its entry point with plain data."""


def explain(error):
    try:
        return short(f"{type(error).__name__}: {error}")
    except BaseException:
        return "an exception that cannot be printed"


def class_names(error):
    return [base.__name__ for base in mro(error) if base not in (object, BaseException)]


def load(program, entry):
    """('ready',) or why there is nothing to call."""
    module = type(sys)("solution")
    sys.modules["solution"] = module
    try:
        code = compile(program, "<solution>", "exec", dont_inherit=True)
    except BaseException as error:
        return ("syntax", explain(error)), None
    try:
        exec(code, module.__dict__)
    except MemoryError as error:
        return ("oom", explain(error)), None
    except SystemExit as error:
        return ("exit", explain(error)), None
    except BaseException as error:
        return ("exception", explain(error)), None
    function = module.__dict__.get(entry)
    if not callable(function):
        return ("missing_entry_point", f"the program defines no function {entry}"), None
    return ("ready", ""), function


def flush():
    """What is printed is for people to see, even if the process is ended at once."""
    try:
        sys.stdout.flush()
    except BaseException:
        pass


def serve():
    plain_limits = {"bytes": 1 << 28, "nodes": 1000, "depth": 10}
    _, payload = receive()
    settings = decode(payload, plain_limits)
    confine(settings)
    # From here on whatever happens is the program's doing.
    send(b"S", b"")
    program = settings["program"]
    seed_random(program)
    state, function = load(program, settings["entry"])
    flush()
    send(b"R", encode(state, plain_limits))
    limits = settings["limits"]
    while function is not None:
        _, payload = receive()
        reply(function, payload, limits)


def reply(function, payload, limits):
    args, kwargs = decode(payload, limits)
    error = value = None
    failed = False
    try:
        value = function(*args, **kwargs)
    except BaseException as caught:
        failed, error = True, caught
    flush()
    try:
        # Tests may look at arguments that the function changed, as they could if it ran beside them.
        changed = (args, kwargs) if encode((args, kwargs), limits) != payload else None
        if failed:
            answer = encode((class_names(error), explain(error), changed), limits)
        else:
            answer = encode((value, changed), limits)
    except LimitError as limit:
        send(b"L", encode(str(limit), limits))
    except BaseException as caught:
        send(b"E", encode((class_names(caught), "the answer cannot be read: " + explain(caught), None), limits))
    else:
        send(b"E" if failed else b"V", answer)


serve()
