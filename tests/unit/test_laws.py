"""The laws of the house hold, and each of them can fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from graphlib import CycleError, TopologicalSorter
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
    "gateway-api-down": [
        ("gateway.api.problems", "gateway.api.fairness"),
        ("gateway.api.images.routes", "gateway.api.tryons.answers"),
        ("gateway.api.engines.routes", "gateway.api.fleet.models"),
    ],
    "tailor-down": [("tailor.tasks", "tailor.worker"), ("tailor.masks", "tailor.pose")],
    "weaver-down": [("weaver.engine_runner", "weaver.worker"), ("weaver.batching", "weaver.profile")],
    "arbitrator-down": [("arbitrator.policies.slo", "arbitrator.loop"), ("arbitrator.observe", "arbitrator.actuators")],
    "engines-apart": [("weaver.pipelines.catvton.engine", "weaver.pipelines.fashn.engine")],
    "no-circles": [
        ("tailor.parsers.contract", "tailor.parsers.segformer"),
        ("workbench.simulate.systems.contract", "workbench.simulate.world"),
    ],
    "pure": [
        ("arbitrator.policies.table", "time"),
        ("weaver.batching", "asyncio"),
        ("proteus.estimates", "random"),
        ("gateway.rules.admission", "redis"),
        ("proteus.keys", "time"),
    ],
    "pure-themselves": [("gateway.recording.transitions", "random"), ("gateway.rules.tokens", "time")],
    "models-in-their-rooms": [
        ("weaver.worker", "torch"),
        ("tailor.masks", "transformers"),
        ("workbench.demo", "diffusers"),
    ],
    "gateway-light": [("gateway.rules.admission", "torch"), ("proteus.queue.policy", "torch")],
    "sql-in-the-ledger": [("gateway.recording.recorder", "sqlalchemy"), ("weaver.worker", "sqlalchemy")],
    "s3-in-storage": [("tailor.worker", "boto3"), ("gateway.upkeep.sweeps", "botocore")],
    "kubernetes-at-the-edge": [("arbitrator.loop", "kubernetes"), ("arbitrator.policies.slo", "kopf")],
    "http-in-the-outer-rooms": [("gateway.submitting.accept", "fastapi"), ("tailor.worker", "starlette")],
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


@pytest.mark.parametrize("room", ["arbitrator", "gateway", "gateway.api", "proteus", "tailor", "weaver"])
def test_a_room_that_has_no_place_breaks_the_law(options: UserOptions, graph: grimp.ImportGraph, room: str) -> None:
    broken = deepcopy(graph)
    broken.add_module(f"{room}.attic")
    assert not kept(options, broken, f"{room.replace('.', '-')}-down")


def test_every_law_is_here(options: UserOptions) -> None:
    assert {contract["id"] for contract in options.contracts_options} == set(BREAKS)


def test_no_floor_has_more_than_five_rooms(options: UserOptions) -> None:
    floors = [floor for one in options.contracts_options for floor in one.get("layers", ())]
    assert floors
    assert [floor for floor in floors if len(re.split(r"[|:]", floor)) > 5] == []


# ---- no circles, module by module


def test_no_module_leads_back_to_itself(graph: grimp.ImportGraph) -> None:
    assert circle_of(graph) is None


def test_a_circle_of_modules_is_found(graph: grimp.ImportGraph) -> None:
    broken = deepcopy(graph)
    broken.add_import(importer="proteus.errors", imported="proteus.bus.events")
    assert circle_of(broken) is not None


def circle_of(graph: grimp.ImportGraph) -> list[str] | None:
    """Return the modules of an import circle, lazy imports and those for types alone included."""
    needs = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    needs["proteus_client.errors"] -= {"proteus_client.client"}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return None


# ---- purity


def test_a_module_that_calls_itself_pure_is_under_a_law_of_purity(options: UserOptions) -> None:
    named = [one for law in options.contracts_options if law["id"].startswith("pure") for one in law["source_modules"]]
    claims = {name for name, module in modules() if claims_purity(module)}
    assert len(claims) > 40
    assert {name for name in claims if not any(f"{name}.".startswith(f"{one}.") for one in named)} == set()


def test_a_pure_module_never_asks_for_the_time() -> None:
    asking = {name for name, module in modules() if claims_purity(module) and asks_for_the_time(module)}
    assert asking == set()


@pytest.mark.parametrize("text", ["datetime.now(UTC)", "datetime.utcnow()", "date.today()"])
def test_asking_for_the_time_is_found(text: str) -> None:
    assert asks_for_the_time(ast.parse(f"def due(row):\n    return row.at < {text}"))


@pytest.mark.parametrize(
    ("text", "claim"), [("Rows to facts. Pure.", True), ("Rows. Pure but for its ids.", False), ("Purely rows.", False)]
)
def test_a_claim_of_purity_is_read_from_the_docstring(text: str, claim: bool) -> None:
    assert claims_purity(ast.parse(f'"""{text}"""')) is claim


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.glob("*/*/src/**/*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts[3:])
        yield name.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


def claims_purity(module: ast.Module) -> bool:
    return re.search(r"\bpure\b(?! but)", ast.get_docstring(module) or "", re.IGNORECASE) is not None


def asks_for_the_time(module: ast.Module) -> bool:
    calls = (node.func for node in ast.walk(module) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in ("now", "utcnow", "today") for call in calls)


# ---- length

MOST_LINES = 350


def test_a_module_has_at_most_350_lines_unless_its_docstring_says_why_not() -> None:
    long = set()
    for folder in ("clients", "libs", "services", "tools", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if text.count("\n") > MOST_LINES and "350 lines" not in (ast.get_docstring(ast.parse(text)) or ""):
                long.add(str(path.relative_to(ROOT)))
    assert long == set()
