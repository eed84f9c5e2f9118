"""Epoch keys: picked by date, signed by the receiver, erased when their time is past."""

from __future__ import annotations

import shutil
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Misconfigured, Refused, Unavailable
from gateway.identity.epoch import bundle_holds, decode_bundle, encode_bundle
from gateway.identity.epoch_keys import (
    GRACE_NS,
    EpochKeys,
    generate_epochs,
    load_peer_epochs,
)
from gateway.identity.instants import DAY_NS, SECOND_NS
from gateway.identity.suites import DEFAULT
from gateway.unit.model import Side
from tests.support.keys import NOW_NS, GateKeys

HOUR_NS = 3600 * SECOND_NS
# A bundle of two epochs as it is carried: the good one that properties change.
SAMPLE = (
    Path(__file__).parents[2] / "vectors" / "sealed" / "epochs" / "vectors.bundle"
).read_bytes()


@pytest.fixture
def epochs(tmp_path: Path, gate: GateKeys) -> Path:
    folder = tmp_path / "epochs"
    folder.mkdir()
    generate_epochs(folder, gate.identity(Side.INNER), NOW_NS, count=12)
    return folder


def test_sender_and_receiver_have_the_two_halves_of_each_day(gate: GateKeys) -> None:
    bundle, keys = gate.bundle(), gate.epoch_keys()
    for day in (0, 1, 50, 99):
        at_ns = NOW_NS + day * DAY_NS
        epoch = bundle.at(at_ns)
        assert epoch.begins_at_ns <= at_ns < epoch.ends_at_ns
        assert keys.private(epoch.identifier, at_ns).public == epoch.public


def test_the_batch_begins_with_today_and_has_no_gap(gate: GateKeys) -> None:
    bundle = gate.bundle()
    assert bundle.epochs[0].begins_at_ns == NOW_NS // DAY_NS * DAY_NS
    for one, following in zip(bundle.epochs, bundle.epochs[1:], strict=False):
        assert one.ends_at_ns == following.begins_at_ns
    assert len({epoch.identifier for epoch in bundle.epochs}) == 100


def test_before_the_first_and_after_the_last_epoch_units_wait(gate: GateKeys) -> None:
    bundle = gate.bundle()
    for at_ns in (bundle.epochs[0].begins_at_ns - 1, bundle.ends_at_ns):
        with pytest.raises(Unavailable) as caught:
            bundle.at(at_ns)
        assert caught.value.number == 4204


def test_a_key_is_refused_after_its_grace_and_before_its_time(gate: GateKeys) -> None:
    keys, epoch = gate.epoch_keys(), gate.bundle().epochs[10]
    end_ns = epoch.ends_at_ns + GRACE_NS
    keys.private(epoch.identifier, end_ns - 1)
    keys.private(epoch.identifier, epoch.begins_at_ns - DAY_NS)
    for at_ns, number in ((end_ns, 4202), (epoch.begins_at_ns - DAY_NS - 1, 4203)):
        with pytest.raises(Refused) as caught:
            keys.private(epoch.identifier, at_ns)
        assert caught.value.number == number
    with pytest.raises(Refused) as caught:
        keys.private(bytes(8), NOW_NS)
    assert caught.value.number == 4201


def test_purge_erases_what_is_past_and_nothing_else(epochs: Path) -> None:
    keys = EpochKeys(epochs)
    first = decode_bundle(next(epochs.glob("*.bundle")).read_bytes())[0].epochs[0]
    keys.private(first.identifier, NOW_NS)
    assert keys.purge(NOW_NS) == 0
    later_ns = first.begins_at_ns + 3 * DAY_NS + GRACE_NS
    assert keys.purge(later_ns) == 3
    assert len(list(epochs.glob("*.key"))) == 9
    assert keys.purge(later_ns) == 0
    # With the clock set back the key in memory is gone too.
    with pytest.raises(Misconfigured) as caught:
        keys.private(first.identifier, NOW_NS)
    assert caught.value.number == 4001


def test_a_second_batch_continues_the_first(epochs: Path, gate: GateKeys) -> None:
    before = EpochKeys(epochs)
    data = generate_epochs(
        epochs, gate.identity(Side.INNER), NOW_NS, begins_at_ns=before.ends_at_ns, count=3
    )
    both = EpochKeys(epochs)
    assert both.ends_at_ns == before.ends_at_ns + 3 * DAY_NS
    following = decode_bundle(data)[0].epochs[0]
    assert both.private(following.identifier, following.begins_at_ns).public == following.public


def test_the_period_is_a_setting(tmp_path: Path, gate: GateKeys) -> None:
    identity = gate.identity(Side.INNER)
    data = generate_epochs(tmp_path, identity, NOW_NS, period_ns=4 * HOUR_NS, count=6)
    epochs = decode_bundle(data)[0].epochs
    assert epochs[-1].ends_at_ns - epochs[0].begins_at_ns == DAY_NS


def test_a_key_that_others_may_read_or_that_is_another_one_opens_nothing(epochs: Path) -> None:
    bundle = decode_bundle(next(epochs.glob("*.bundle")).read_bytes())[0]
    one, two = (epochs / f"{epoch.identifier.hex()}.key" for epoch in bundle.epochs[:2])
    one.chmod(0o640)
    two.write_bytes(DEFAULT.new_epoch().pem)
    for epoch, number in zip(bundle.epochs, (4002, 4003), strict=False):
        with pytest.raises(Misconfigured) as caught:
            EpochKeys(epochs).private(epoch.identifier, NOW_NS)
        assert caught.value.number == number


def test_the_sender_takes_no_bundle_of_anybody_else(tmp_path: Path, gate: GateKeys) -> None:
    trust = gate.trust(Side.OUTER)
    good = gate.bundle()
    inner, outer = gate.identity(Side.INNER), gate.identity(Side.OUTER)
    stranger = DEFAULT.new_signer()
    forged = {
        "another key under his name": encode_bundle(good, stranger),
        "our own key": encode_bundle(replace(good, signer=outer.identifier), outer.signer),
        "a certificate unknown here": encode_bundle(replace(good, signer=bytes(32)), stranger),
        "for another gate": encode_bundle(
            replace(good, receiver="ferrygate://hospital-b/inner"), inner.signer
        ),
        "signed before its certificate": encode_bundle(
            replace(good, issued_at_ns=NOW_NS - 9 * DAY_NS), inner.signer
        ),
    }
    for what, data in forged.items():
        path = tmp_path / "peer-epochs.bundle"
        path.write_bytes(data)
        with pytest.raises(Misconfigured) as caught:
            load_peer_epochs(path, trust)
        assert caught.value.number == 4008, what


def test_a_changed_byte_of_a_bundle_is_noticed(tmp_path: Path, gate: GateKeys) -> None:
    data = (gate.guard(Side.OUTER) / "peer-epochs.bundle").read_bytes()
    trust, path = gate.trust(Side.OUTER), tmp_path / "b"
    for at in [*range(400), *range(len(data) - 100, len(data))]:
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(Misconfigured) as caught:
            load_peer_epochs(path, trust)
        assert caught.value.number in (4007, 4008), at


@given(st.binary(max_size=400))
def test_any_bytes_are_a_bundle_or_a_value_error(untrusted: bytes) -> None:
    with pytest.raises(ValueError):
        decode_bundle(untrusted)


@given(st.data())
def test_a_bundle_with_a_changed_line_has_no_second_spelling(data: st.DataObject) -> None:
    lines = SAMPLE.split(b"\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(st.binary(max_size=80))
    changed = b"\n".join(lines)
    try:
        bundle, signature = decode_bundle(changed)
    except ValueError:
        return
    signer = DEFAULT.new_signer()
    assert not bundle_holds(bundle, signature, signer.verifier)
    text = encode_bundle(bundle, signer).rsplit(b"signature: ", 1)[0]
    assert text + b"signature: " + b64encode(signature) + b"\n" == changed


def test_epochs_that_overlap_or_end_before_they_begin_are_no_bundle(gate: GateKeys) -> None:
    good, signer = gate.bundle(), DEFAULT.new_signer()
    one, two = good.epochs[:2]
    for epochs in (
        (two, one),
        (one, one),
        (replace(one, ends_at_ns=two.begins_at_ns + SECOND_NS), two),
        (replace(one, ends_at_ns=one.begins_at_ns),),
    ):
        with pytest.raises(ValueError, match="epoch"):
            decode_bundle(encode_bundle(replace(good, epochs=epochs), signer))


def test_copying_the_public_bundle_copies_no_private_key(gate: GateKeys, tmp_path: Path) -> None:
    carried = shutil.copy(gate.guard(Side.OUTER) / "peer-epochs.bundle", tmp_path)
    assert b"PRIVATE" not in Path(carried).read_bytes()
