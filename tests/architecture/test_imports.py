"""The arrows of docs/ARCHITECTURE.md hold, and the check itself notices a broken one."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "inner", "outer")
LINT = Path(sys.executable).with_name("lint-imports")

# Each third-party package has one home: nothing else imports it.
HOMES = {
    "aiohttp": ("gateway/connectors/request/",),
    "multidict": ("gateway/connectors/request/",),
    "yarl": ("gateway/connectors/request/",),
    "cryptography": ("gateway/identity/",),
    "yaml": ("gateway/policy/document.py",),
    "magic": ("gateway/inspection/",),
    "yara_x": ("gateway/inspection/",),
    "lxml": ("gateway/inspection/sending/formats/",),
    "pydicom": ("gateway/inspection/sending/formats/",),
    "PIL": ("gateway/inspection/",),
    "pikepdf": ("gateway/inspection/sending/formats/",),
    "pypdfium2": ("gateway/inspection/sending/formats/",),
    "pypdf": ("gateway/inspection/receiving/formats/",),
    "fhirkit": ("gateway/inspection/sending/formats/",),
    "jsonschema_rs": ("gateway/inspection/sending/formats/",),
    "re2": ("gateway/inspection/text/", "gateway/policy/fitting.py"),
    "hyperscan": ("gateway/inspection/text/",),
    "pyseccomp": ("gateway/inspection/sandbox/filter.py",),
    "rich": ("gateway/management/",),
    "psutil": ("gateway/management/", "gateway/audit/status.py"),
}


def sources() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_import_rules_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("gateway/connectors/file/folder_sink.py", "import gateway.ferry.frame", "edges"),
        ("gateway/sending/judge.py", "import gateway.receiving.admit", "layers"),
        ("gateway/connectors/numbering.py", "import lxml", "no parsers beside the guards"),
        (
            "gateway/management/guarding.py",
            "import gateway.inspection.here",
            "untrusted content is read in the sandbox",
        ),
        ("gateway/unit/model.py", "import socket", "pure"),
        ("gateway/ferry/frame.py", "import asyncio", "pure"),
        ("gateway/policy/evaluate.py", "import gateway.inspection.chain", "layers"),
        ("gateway/sending/dispatch.py", "import gateway.ferry.link.udp_receiver", "one way"),
        (
            "gateway/management/wiring/sending_ferry.py",
            "import gateway.management.wiring.receiving_ferry",
            "one way",
        ),
        (
            "gateway/ferry/oneway/receiver.py",
            "import gateway.ferry.twoway.returns",
            "one way knows no way back",
        ),
    ],
)
def test_a_rule_broken_on_purpose_is_noticed(
    tmp_path: Path, file: str, line: str, contract: str
) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    broken = tmp_path / file
    broken.write_text(
        broken.read_text().replace(
            "from __future__ import annotations\n",
            f"from __future__ import annotations\n{line}\n",
            1,
        )
    )
    result = lint(tmp_path)
    assert result.returncode == 1
    assert f"{contract} BROKEN" in " ".join(result.stdout.split()), result.stdout


@pytest.mark.parametrize(
    ("name", "homes"),
    [
        # What a guard makes itself has no judge: numbers of its own.
        (
            "Cleared",
            {
                "gateway/sending/judge.py",
                "gateway/sending/own.py",
                "gateway/sending/transient_seal.py",
            },
        ),
        ("Admitted", {"gateway/receiving/admitted.py"}),
    ],
)
def test_a_stage_type_has_known_makers(name: str, homes: set[str]) -> None:
    makers = {
        str(file.relative_to(ROOT))
        for file in sources()
        if _knows_stage((text := file.read_text()), name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _called(node) == name
    }
    assert makers == homes


@pytest.mark.parametrize("package", sorted(HOMES))
def test_a_third_party_package_has_one_home(package: str) -> None:
    users = {
        str(file.relative_to(ROOT))
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text()))
        if package in _imported(node)
    }
    assert users, f"{package} is not used: take it out of pyproject.toml"
    assert all(user.startswith(HOMES[package]) for user in users), users


def _knows_stage(text: str, name: str) -> bool:
    """Whether a module has this type from gateway.unit.stages, by name or by module."""
    known = {("gateway.unit.stages", name), ("gateway.unit", "stages"), ("", "gateway.unit.stages")}
    return any(
        (node.module if isinstance(node, ast.ImportFrom) else "", alias.name) in known
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
    )


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return {(node.module or "").split(".")[0]}
    return set()
