"""The splitting library stands on its own: numpy, and scipy or networkx only when they are used."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run_with_numpy_only(code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` where no other library than numpy and the standard one can be imported."""
    head = """
        import sys, sysconfig

        class Refuse:
            allowed = {"numpy", "cosim"} | set(sys.stdlib_module_names)

            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] not in self.allowed:
                    raise ImportError(f"{name} is not to be had")

        sys.meta_path.insert(0, Refuse())
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_library_needs_numpy_only() -> None:
    result = run_with_numpy_only(
        """
        import pkgutil, importlib
        import cosim.splitting as splitting

        for module in pkgutil.iter_modules(splitting.__path__):
            importlib.import_module(f"cosim.splitting.{module.name}")
        problem = splitting.SplitProblem([[1.0, 4.0], [0.5, 0.5]], [[9.0, 1.0, 0.0]])
        assert splitting.solve_sci(problem).boundaries == (0, 1, 2)
        assert splitting.solve_pareto(problem, problem, 9.0).boundaries == (0, 1, 2)
        loaded = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
        print(sorted(name for name in loaded if not name.startswith("_")))
        """
    )
    assert result.returncode == 0, result.stderr
    assert "scipy" not in result.stdout and "networkx" not in result.stdout
    assert "numpy" in result.stdout


def test_what_needs_more_says_so_when_it_is_used() -> None:
    result = run_with_numpy_only(
        """
        import cosim.splitting as splitting

        problem = splitting.SplitProblem([[1.0], [0.5]], [[1.0, 0.0]])
        try:
            splitting.solve_dijkstra(problem)
        except ImportError as error:
            print("refused:", error)
        """
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("refused: scipy")
