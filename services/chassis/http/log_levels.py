"""The door by which an operator has a service log more, or less, for a while, without starting it again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.http.access import require
from services.chassis.http.tokens import Caller
from services.chassis.process import logs

ROUTE = "/v1/log-levels"
SECONDS_MAX = 86_400


class LogLevel(BaseModel):
    """From which level on a logger and all below it write, and for how long; then as before."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    logger: Annotated[str, Field(pattern=r"^[a-z_.]{0,100}$")] = Field(
        default="",
        description="The name of a module or of a package; empty for all.",
        examples=["services.chassis"],
    )
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(description="Least severity that is logged.")
    seconds: Annotated[int, Field(ge=1, le=SECONDS_MAX)] = Field(
        default=600, description="For how long.", examples=[600]
    )


def add_log_levels(application: FastAPI) -> None:
    """Adds it."""

    @application.post(ROUTE, response_model=LogLevel, summary="Log more, or less, for a while")
    async def set_log_level(
        body: LogLevel, caller: Annotated[Caller, Depends(require("operator"))]
    ) -> LogLevel:
        """Of this process alone; another one that serves beside it is told by itself."""
        logs.set_level(body.logger, body.level, body.seconds)
        return body
