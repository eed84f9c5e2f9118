"""`ferrygate init`: a new gate in one folder, each host's part to be carried away by itself.

DIR/root/, DIR/issuing/     the authorities: kept off both hosts
DIR/outer/, DIR/inner/      gate.yaml, keys/, policies/ of one host each
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.identity.provision import MODES, provision
from gateway.management.layout import HostFolder
from gateway.management.settings import TWO_WAY
from gateway.unit.model import Side

_GATE_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
# Where a built package lays what is no Python; a checkout has it beside the packages.
_SHARE: Final = Path(sys.prefix) / "share" / "ferrygate"

SETTINGS: Final = """\
# Settings of the {side} host of the gate {gate}. Every other key has a safe default:
# `ferrygate config` lists them all with their meaning.
gate: {gate}
side: {side}
mode: {mode}

link:
  {link}
  rate: {rate}
  stall: {stall}
{back}
scanners:
  clamd: {clamd}
  signatures: {signatures}
"""


# Besides, of a two-way gate: the link of its export lane.
BACK: Final = """
back:
  {back}
  rate: {rate}
  stall: {stall}
"""


@dataclass(frozen=True, slots=True)
class FirstSettings:
    """What a new gate.yaml says beyond its name and side; a trial gate has other values."""

    link: str = "udp: 10.99.0.2:47000"
    back: str = "udp: 10.99.0.1:47001"
    rate: str = "1 Gbit/s"
    stall: str = "50 ms"
    clamd: str = "/run/clamav/clamd.ctl"
    signatures: str = "7 d"


def shipped(name: str) -> Path:
    """A folder that ships with the product (`policies`). Raises Misconfigured 1016."""
    for place in (Path(__file__).parents[2] / name, _SHARE / name):
        if place.is_dir():
            return place
    raise Misconfigured(1016, folder=str(_SHARE / name))


def initialise(
    folder: Path, gate: str, mode: str = "one-way", first: FirstSettings | None = None
) -> None:
    """Make a gate: authorities, keys, epoch keys, settings of both hosts and a first policy set.

    All of it in `folder`, which must be empty or absent. Raises Misconfigured 1017 (not empty), 1018
    (the name), what provision raises, and OSError.
    """
    if not _GATE_NAME.fullmatch(gate):
        raise Misconfigured(1018, name=gate)
    if folder.exists() and any(folder.iterdir()):
        raise Misconfigured(1017, folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    provision(folder, gate, mode, now_ns=time.time_ns())
    lanes = MODES[mode]
    policies = shipped("policies")
    for side in Side:
        host = HostFolder(folder / side.value)
        _write_settings(host, side, gate, mode, first or FirstSettings())
        shutil.copytree(policies, host.policies)
        host.make(side, lanes)


def _write_settings(
    host: HostFolder, side: Side, gate: str, mode: str, first: FirstSettings
) -> None:
    back = BACK.format(back=first.back, rate=first.rate, stall=first.stall)
    text = SETTINGS.format(
        back=back if mode == TWO_WAY else "",
        side=side.value,
        gate=gate,
        mode=mode,
        link=first.link,
        rate=first.rate,
        stall=first.stall,
        clamd=first.clamd,
        signatures=first.signatures,
    )
    host.settings.write_text(text, encoding="utf-8")
