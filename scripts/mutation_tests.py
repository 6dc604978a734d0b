"""Mutation tests of the modules that do not depend on Home Assistant.

mutmut changes one expression after the other in a copy of the project, which is kept in
`.mutate/`, and runs the tests that cover it. A mutant survives if all tests pass.
Constants of a module and texts of logs and errors are not changed.
"""

import argparse
import ast
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
import json
from pathlib import Path
import shutil
import subprocess
import sys

ROOT = Path(__file__).parent.parent
COPY = ROOT / ".mutate"
PACKAGE = Path("custom_components", "nomos_energy")

TARGETS: Mapping[str, str] = {
    "nomos/*.py": "tests/nomos",
    "prices/optimizer.py": "tests/prices/test_optimizer.py",
    "loads/planner.py": "tests/loads/test_planner.py",
    "schedule.py": "tests/test_schedule.py",
    "usage/settlement.py": "tests/usage/test_settlement.py",
}
"""Tests of each target; targets are patterns within the integration."""

WRAPPERS = ("property", "cached_property", "asynccontextmanager")
"""Decorators that can as well be applied after the definition of the function."""

STATUS: Mapping[int | None, str] = {
    None: "not run",
    0: "survived",
    2: "not run",
    5: "not covered",
    33: "not covered",
}
"""Status of a mutant by mutmut's exit code; killed for all others."""


def main(arguments: Sequence[str]) -> int:
    """Run the mutation tests; return 1 if too few mutants are killed."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument(
        "modules",
        nargs="*",
        help="modules within the integration, such as nomos/prices.py; default: all",
    )
    parser.add_argument("--jobs", type=int, default=1, help="parallel test runs")
    parser.add_argument(
        "--fail-under",
        type=float,
        default=90,
        metavar="PERCENT",
        help="share of killed mutants that is required of each module",
    )
    parser.add_argument(
        "--list", action="store_true", help="show the survivors of the last run only"
    )
    options = parser.parse_args(arguments)

    modules = find_modules(options.modules)
    if not modules:
        parser.error("no such module")
    if not options.list:
        prepare_copy(modules)
        subprocess.run(
            [
                sys.executable,
                "-m",
                "mutmut",
                "run",
                "--max-children",
                str(options.jobs),
            ],
            cwd=COPY,
            check=True,
        )
    return report(modules, options.fail_under)


def find_modules(names: Iterable[str]) -> dict[Path, str]:
    """Return the modules to mutate with their tests, as paths within the project."""
    wanted = {PACKAGE / name for name in names}
    return {
        path.relative_to(ROOT): tests
        for pattern, tests in TARGETS.items()
        for path in sorted((ROOT / PACKAGE).glob(pattern))
        if not wanted or path.relative_to(ROOT) in wanted
    }


def prepare_copy(modules: Mapping[Path, str]) -> None:
    """Copy the project and configure mutmut; removes the results of the last run."""
    shutil.rmtree(COPY, ignore_errors=True)
    for folder in (PACKAGE.parts[0], "simulator", "tests"):
        shutil.copytree(
            ROOT / folder,
            COPY / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for module in modules:
        path = COPY / module
        path.write_text(apply_decorators_later(path.read_text()))
    config = {
        "source_paths": [PACKAGE.parts[0]],
        "only_mutate": [str(module) for module in modules],
        "also_copy": ["simulator"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider"],
        # Retries without an end must not take minutes each.
        "timeout_multiplier": 2,
        "pytest_add_cli_args_test_selection": sorted(set(modules.values())),
        # Texts of logs and errors may change freely.
        "do_not_mutate_patterns": [r"_LOGGER\.", r"warn_once\(", r'Error\(f?"'],
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in config.items()]
    (COPY / "pyproject.toml").write_text(
        "\n".join(((ROOT / "pyproject.toml").read_text(), "[tool.mutmut]", *lines, ""))
    )


def apply_decorators_later(source: str) -> str:
    """Return the source with `name = property(name)` in place of `@property`.

    mutmut leaves out decorated functions, which most of our properties are.
    """
    lines = source.splitlines()
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    # From the last to the first, because each insertion moves the lines after it.
    for function in sorted(functions, key=lambda each: each.lineno, reverse=True):
        match function.decorator_list:
            case [ast.Name(id=wrapper) as decorator] if wrapper in WRAPPERS:
                indent = " " * function.col_offset
                call = f"{indent}{function.name} = {wrapper}({function.name})"
                lines.insert(function.end_lineno or 0, call)
                lines[decorator.lineno - 1] = ""
    return "\n".join(lines) + "\n"


def report(modules: Iterable[Path], required: float) -> int:
    """Print the score of each module and the surviving mutants."""
    failed = False
    survivors: list[str] = []
    for module in modules:
        results = COPY / "mutants" / f"{module}.meta"
        if not results.exists():
            continue
        codes: Mapping[str, int | None] = json.loads(results.read_text())[
            "exit_code_by_key"
        ]
        counts = Counter(STATUS.get(code, "killed") for code in codes.values())
        survivors += [name for name, code in codes.items() if code in STATUS]
        if not codes:
            continue
        score = 100 * counts["killed"] / len(codes)
        failed |= score < required
        others = ", ".join(
            f"{count} {status}"
            for status, count in counts.items()
            if status != "killed"
        )
        print(f"{score:5.1f} %  {len(codes):4} mutants  {module}  {others}")
    for name in survivors:
        print()
        subprocess.run(
            [sys.executable, "-m", "mutmut", "show", name], cwd=COPY, check=False
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
