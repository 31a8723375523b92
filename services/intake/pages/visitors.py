"""Who may open an applicant's pages: whoever logged in as one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from services.chassis.http.page_routes import if_any, signed_in
from services.chassis.http.sessions import Visitor
from services.chassis.http.visibility import PORTAL

Applicant = Annotated[Visitor, Depends(signed_in(PORTAL))]
Anybody = Annotated[Visitor | None, Depends(if_any)]
