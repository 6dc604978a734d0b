"""A process of its own for every measurement."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def fresh[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function of a module in a new interpreter and return what it returns."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def prepared[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do so in a copy of an interpreter that has imported Home Assistant, and no more."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.cpu", "benchmarks.memory"])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args, **kwargs).result()
