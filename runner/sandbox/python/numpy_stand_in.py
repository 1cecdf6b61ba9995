"""For a judge without NumPy: the few names of it that tests of HumanEval+ use, for plain numbers and lists of them."""


def numpy_stand_in():
    """Registers the module `numpy` unless there is one."""
    import sys

    try:
        import numpy  # noqa: F401
        return
    except ImportError:
        pass

    def shaped(value):
        """(shape, numbers in row-major order); as NumPy refuses ragged lists and what is no number, so does this."""
        if isinstance(value, (bool, int, float, complex)):
            return (), [value]
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"isfinite is not defined for {type(value).__name__}")
        parts = [shaped(item) for item in value]
        if len({shape for shape, _ in parts}) > 1:
            raise ValueError("the parts of a list have different shapes")
        inner = parts[0][0] if parts else ()
        return (len(value), *inner), [number for _, numbers in parts for number in numbers]

    def broadcast(shape, numbers, target):
        """The numbers of an array of a larger shape: an axis of length 1 repeats."""
        padded = (1,) * (len(target) - len(shape)) + shape
        places = [0]
        for size, wanted in zip(padded, target):
            places = [place * size + (at if size > 1 else 0) for place in places for at in range(wanted)]
        return [numbers[place] for place in places]

    def common_shape(a, b):
        length = max(len(a), len(b))
        result = []
        for x, y in zip((1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b):
            if x != y and 1 not in (x, y):
                raise ValueError(f"shapes {a} and {b} do not fit")
            result.append(y if x == 1 else x)
        return tuple(result)

    def close(actual, desired, rtol, atol, equal_nan):
        if actual != actual or desired != desired:
            return equal_nan and actual != actual and desired != desired
        if actual == desired:
            return True
        if abs(desired) == float("inf") or abs(actual) == float("inf"):
            return False
        return abs(actual - desired) <= atol + rtol * abs(desired)

    def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
        (shape_a, a), (shape_b, b) = shaped(a), shaped(b)
        shape = common_shape(shape_a, shape_b)
        pairs = zip(broadcast(shape_a, a, shape), broadcast(shape_b, b, shape))
        return all(close(x, y, rtol, atol, equal_nan) for x, y in pairs)

    def assert_allclose(actual, desired, rtol=1e-07, atol=0, equal_nan=True, err_msg="", verbose=True):
        shape_a, shape_b = shaped(actual)[0], shaped(desired)[0]
        if shape_a != shape_b and () not in (shape_a, shape_b):
            raise AssertionError(f"shapes {shape_a} and {shape_b} mismatch")
        if not allclose(actual, desired, rtol, atol, equal_nan):
            raise AssertionError(f"not equal to tolerance rtol={rtol}, atol={atol}")

    class ndarray:
        """Nothing is one."""

    module, testing = type(sys)("numpy"), type(sys)("numpy.testing")
    module.ndarray, module.float32, module.float64 = ndarray, float, float
    module.allclose, module.testing, testing.assert_allclose = allclose, testing, assert_allclose
    sys.modules["numpy"], sys.modules["numpy.testing"] = module, testing


numpy_stand_in()
