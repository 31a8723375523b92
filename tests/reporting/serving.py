"""Reporting's application over a real database, without a broker: how complete it is, and what time it is, come from the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import asyncpg

from contracts.members import MEMBERS
from services.chassis.http.limits import Buckets
from services.chassis.http.tokens import Tokens
from services.chassis.http.turns import Turns
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.web import Application, Readiness, create_app
from services.chassis.kafka.progress import Complete
from services.reporting import routes
from services.reporting.dashboard.kept import Showing
from services.reporting.dashboard.plotter import Drawings
from services.reporting.quality.routes import add_quality_routes
from services.reporting.quality.shown import Indexes
from services.reporting.report.asked import Sources
from services.reporting.report.cell_routes import add_cell_routes
from services.reporting.report.check import Watch
from services.reporting.report.files import TEMPLATE
from services.reporting.report.form_routes import add_form_routes
from services.reporting.report.routes import add_official_routes
from services.reporting.report.vintage_routes import add_vintage_routes
from services.reporting.routes import PUBLIC, add_routes
from tests.chassis.issuing import AUDIENCE, ISSUER, Issuer

AN_ISSUER = Issuer()
SUPERVISOR = {"authorization": f"Bearer {AN_ISSUER.token('supervisor', office='H29.015.00')}"}
"""Who sees all numbers."""
NOW = datetime(2023, 10, 2, 1, 30, 0, tzinfo=UTC)


@dataclass
class Moment:
    """What the routes are told; a test sets it."""

    now: datetime = NOW
    seconds: float = 0.0
    complete: Complete | None = field(
        default_factory=lambda: Complete(NOW, {"intake": 13_831, "processing": 40_000})
    )
    turns: Turns = field(default_factory=Turns)


def application(
    pool: asyncpg.Pool[Any], moment: Moment, drawings: Drawings, watch: Watch, exported_at_once: int = 2_000
) -> Application:
    async def complete() -> Complete | None:
        return moment.complete

    async def ready() -> Readiness:
        return Readiness(True, {})

    def clock() -> float:
        return moment.seconds

    made = create_app(
        name="reporting",
        title="reporting",
        description="",
        release="0.1.0",
        tokens=Tokens(AN_ISSUER.write(Path(mkdtemp())), ISSUER, AUDIENCE),
        limits=Buckets(1000, 1000, clock=clock),
        unnamed=Buckets(1000, 1000, clock=clock),
        ready=ready,
        public=PUBLIC,
        described_by=(MEMBERS, Path(routes.__file__).with_name("openapi.toml")),
    )
    # Whoever tries every door without a token is refused by each of them, and not for asking too often.
    made.refusals = Buckets(1000, 1000, clock=clock)
    sources = Sources(
        pool,
        complete,
        lambda: watch.last,
        lambda: moment.now,
        "0.1.0",
        "Sở Xây dựng | Department of Construction",
        "https://desk.example",
        "Ủy ban nhân dân Thành phố",
        "Thành phố Hồ Chí Minh",
        moment.turns,
    )
    limits = Buckets(1000, 1000, clock=clock)
    indexes = Indexes(sources, clock)
    add_routes(made, sources, Showing(pool, clock, complete), indexes, drawings, limits)
    add_official_routes(made, sources, limits)
    add_cell_routes(made, sources, exported_at_once)
    add_quality_routes(made, sources, indexes, limits)
    typesetting = Typesetting(TEMPLATE)
    add_form_routes(made, sources, limits, typesetting)
    add_vintage_routes(made, sources, limits, typesetting)
    return made
