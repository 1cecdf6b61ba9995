"""Pyodide only: loads what programs mostly import, so that it is part of the snapshot from which each interpreter starts."""
import bisect, collections, copy, decimal, fractions, functools, hashlib, heapq, itertools, math, operator, random, re
import statistics, string, struct, typing
