"""The laws of the house hold, and each of them can fail."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import grimp
import pytest
from importlinter import configuration
from importlinter.application import use_cases
from importlinter.application.user_options import UserOptions
from importlinter.domain.contract import registry

ROOT = Path(__file__).parents[2]

BREAKS = {
    "one-way": [
        ("weaver.worker", "tailor.masks"),
        ("proteus.queue", "gateway.recording.recorder"),
        ("gateway.app", "workbench.hub"),
        ("proteus_cli.queue", "workbench.stack.home"),
        ("proteus_cli.fleet", "gateway.fleet.decisions"),
        ("proteus_client.client", "proteus.jobs"),
    ],
    "client-apart": [("gateway.outbox", "proteus_client.client")],
    "cli-down": [("proteus_cli.operator", "proteus_cli.queue"), ("proteus_cli.moments", "proteus_cli.access")],
    "cli-light": [("proteus_cli.fleet", "redis"), ("proteus_client.client", "numpy"), ("proteus.errors", "structlog")],
    "proteus-down": [("proteus.jobs", "proteus.queue"), ("proteus.service.lifecycle", "proteus.worker.claims")],
    "gateway-down": [("gateway.ledger.engine", "gateway.outbox"), ("gateway.rules.admission", "gateway.ledger.jobs")],
    "tailor-down": [("tailor.tasks", "tailor.worker"), ("tailor.masks", "tailor.pose")],
    "weaver-down": [("weaver.engine_runner", "weaver.worker"), ("weaver.batching", "weaver.profile")],
    "arbitrator-down": [("arbitrator.policies.slo", "arbitrator.loop"), ("arbitrator.observe", "arbitrator.actuators")],
    "pure": [
        ("arbitrator.policies.table", "time"),
        ("weaver.batching", "asyncio"),
        ("proteus.estimates", "random"),
        ("gateway.rules.admission", "redis"),
    ],
    "models-in-their-rooms": [
        ("weaver.worker", "torch"),
        ("tailor.masks", "transformers"),
        ("workbench.demo", "diffusers"),
    ],
    "gateway-light": [("gateway.rules.admission", "torch"), ("proteus.queue.policy", "torch")],
    "sql-in-the-ledger": [("gateway.recording.recorder", "sqlalchemy"), ("weaver.worker", "sqlalchemy")],
    "s3-in-storage": [("tailor.worker", "boto3"), ("gateway.upkeep.sweeps", "botocore")],
    "kubernetes-at-the-edge": [("arbitrator.loop", "kubernetes"), ("arbitrator.policies.slo", "kopf")],
    "http-in-the-outer-rooms": [("gateway.submitting.intake", "fastapi"), ("tailor.worker", "starlette")],
}
"""For each law, imports that break it."""


@pytest.fixture(scope="module")
def options() -> UserOptions:
    configuration.configure()
    return use_cases.read_user_options(str(ROOT / "pyproject.toml"))


@pytest.fixture(scope="module")
def graph(options: UserOptions) -> grimp.ImportGraph:
    use_cases._register_contract_types(options)
    return grimp.build_graph(*options.session_options["root_packages"], include_external_packages=True, cache_dir=None)


def kept(options: UserOptions, graph: grimp.ImportGraph, law: str) -> bool:
    (given,) = [contract for contract in options.contracts_options if contract["id"] == law]
    contract = registry.get_contract_class(given["type"])(
        name=given["name"],
        session_options=options.session_options,
        contract_options={name: value for name, value in given.items() if name not in ("name", "type")},
    )
    return contract.check(graph=deepcopy(graph), verbose=False).kept


@pytest.mark.parametrize("law", BREAKS)
def test_a_law_holds(options: UserOptions, graph: grimp.ImportGraph, law: str) -> None:
    assert kept(options, graph, law)


@pytest.mark.parametrize(("law", "importer", "imported"), [(law, *pair) for law in BREAKS for pair in BREAKS[law]])
def test_a_law_breaks_when_somebody_breaks_it(
    options: UserOptions, graph: grimp.ImportGraph, law: str, importer: str, imported: str
) -> None:
    broken = deepcopy(graph)
    if imported not in broken.modules:
        broken.add_module(imported, is_squashed="." not in imported)
    broken.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    assert not kept(options, broken, law)


@pytest.mark.parametrize(("law", "module"), [("gateway-down", "gateway.attic"), ("proteus-down", "proteus.attic")])
def test_a_room_that_has_no_place_breaks_the_law(
    options: UserOptions, graph: grimp.ImportGraph, law: str, module: str
) -> None:
    broken = deepcopy(graph)
    broken.add_module(module)
    assert not kept(options, broken, law)


def test_every_law_is_here(options: UserOptions) -> None:
    assert {contract["id"] for contract in options.contracts_options} == set(BREAKS)
